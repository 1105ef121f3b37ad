import type { Command } from '../../../../shared/domain/decide/command';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aContext, decide, someFacts } from '../../../builders';
import { alarm, lead, led, order, toldOf } from '../lead-case';

const drift: Command = { type: 'drift', thingName: thingKey('mything1') };

describe('drift', () => {
  const inGroup = { facts: someFacts({ groups: ['cordon-quarantine'] }) };

  it('opens a case that names it, holds nothing, and can be dismissed', () => {
    const record = lead(undefined, drift, inGroup);

    expect(describeCase(record)).toMatchObject({
      status: 'observed',
      reason: expect.stringContaining('in the quarantine group without a case'),
      ledger: [],
    });
    expect(toldOf(record)).toEqual(['drift']);
    expect(led(record, order('dismiss')).status).toBe('closed');
  });

  it('is announced again for a thing whose case was closed, and not twice for one case', () => {
    const closed = led(led(undefined, drift, inGroup), order('dismiss'));

    expect(decide(led(undefined, drift, inGroup), drift, aContext(inGroup)).outcome).toBe('unchanged');
    expect(toldOf(lead(closed, drift, inGroup))).toEqual(['drift']);
  });

  it('is ignored for a thing that has left the group since the sweep looked', () => {
    expect(decide(undefined, drift, aContext()).outcome).toBe('unchanged');
  });

  it('is ignored for a thing that a case holds there', () => {
    expect(decide(led(undefined, alarm()), drift, aContext()).outcome).toBe('unchanged');
  });
});
