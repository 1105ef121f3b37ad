import type { Case } from '../../../../shared/domain/case/case';
import { aContext, changeCase, decide, now } from '../../../builders';
import { alarm, lead, led, order } from '../lead-case';

const hour = 3_600_000;
const refused = (at: number, metric = 'aws:num-authorization-failures') =>
  alarm({ behaviorName: 'few-refusals', metric, violationId: 'echo', occurredAt: at });
const outcome = (record: Case | undefined, at: number, over = {}, metric?: string) =>
  decide(record, refused(at, metric), aContext({ newCaseId: 'case-2', ...over })).outcome;

describe('a violation caused by the containment itself', () => {
  const contained = led(undefined, alarm());
  const at = now + hour;
  const released = led(contained, order('release'), { now: at });

  it('is not announced during the containment, and does not prevent a release', () => {
    expect(released).toMatchObject({ status: 'closed', closedAt: at });
    expect(outcome(contained, now + 1)).toBe('unchanged');
    expect(outcome(changeCase(contained, { status: 'releasing' }), now + 1)).toBe('unchanged');
  });

  it('opens no case for an hour afterwards, if it began during the containment', () => {
    expect(outcome(released, now + 1, { now: at + hour - 1 })).toBe('unchanged');
  });

  it.each([
    ['is still in alarm an hour after the release', now + 1, at + hour, undefined],
    ['began after the release', at + 1, at + 2, undefined],
    ['began before the containment', now - 1, at + 1, undefined],
    ['is of a metric that no containment causes', now + 1, at + 1, 'aws:all-bytes-out'],
  ])('is announced if it %s', (_, occurredAt, later, metric) => {
    expect(outcome(released, occurredAt, { now: later }, metric)).toBe('changed');
  });

  it('is announced if the case ended without a containment', () => {
    const watched = led(undefined, alarm(), { killSwitch: { state: 'on' } });
    const dismissed = led(watched, order('dismiss'), { now: at });

    expect(dismissed.status).toBe('closed');
    expect(outcome(dismissed, now + 1, { now: at + 1 })).toBe('changed');
  });

  it('counts like any other if it was in alarm before the containment', () => {
    const first = led(undefined, refused(now - 5), { killSwitch: { state: 'on' } });
    const held = lead(first, order('contain'));

    expect(outcome(held, now + 1)).toBe('changed');
  });
});
