import { thingKey } from '../../../../shared/domain/thing-ref';
import { aContext, changedBy, decide, now } from '../../../builders';
import { contained, perform } from './played-case';

describe('decide, on a sweep,', () => {
  it('verifies again what was verified, and applies again what was not', () => {
    const later = now + 3_600_000;
    const resumed = changedBy(
      contained(),
      { type: 'resume', thingName: thingKey('mything1') },
      { now: later },
    );

    expect(resumed.ledger.map(({ status }) => status)).toEqual(['applied', 'applied']);
    expect(perform(resumed, later).status).toBe('contained');
  });

  it('changes nothing before it is due', () => {
    expect(decide(contained(), { type: 'resume', thingName: thingKey('mything1') }, aContext()).outcome).toBe(
      'unchanged',
    );
  });
});
