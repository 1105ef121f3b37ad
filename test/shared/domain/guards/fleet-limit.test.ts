import { findFleetLimit } from '../../../../shared/domain/guards/fleet-limit';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aPlaybook, flushed, now } from '../../../builders';
import { alarm, lead, led, order, resume } from '../lead-case';

const limit = (things: number, percent: number | undefined, size: number | undefined) => {
  const { guards } = aConfiguration();
  const fleetLimit = { things, within: 600_000, ...(percent !== undefined && { percent }) };
  return findFleetLimit({ ...guards, fleetLimit }, size);
};

describe('the fleet limit', () => {
  it.each([
    ['is the number of things if there is no percentage', 10, undefined, undefined, 10],
    ['is the percentage if that is less', 10, 5, 100, 5],
    ['is the number if the percentage is more', 10, 5, 10_000, 10],
    ['rounds down, but lets one thing be contained', 10, 5, 7, 1],
    ['is one thing while the fleet was never counted', 10, 5, undefined, 1],
  ])('%s', (_rule, things, percent, size, expected) => {
    expect(limit(things, percent, size)).toBe(expected);
  });
});

describe('the announcement of the fleet limit', () => {
  const told = { fleetLimitReached: true, fleetLimitTold: true };
  const reason = 'the fleet limit is reached: 10 things within 10 minutes';
  const newsOf = ({ outbox }: ReturnType<typeof lead>) =>
    outbox.announcements.map(({ kind, quiet }) => `${kind}${quiet ? ', for systems' : ''}`);

  it('goes out for the first waiting thing, and says that others will wait', () => {
    const record = lead(undefined, alarm(), { fleetLimitReached: true });

    expect(describeCase(record)).toMatchObject({ status: 'awaiting-approval', reason });
    expect(describeCase(record).outbox.announcements).toMatchObject([
      {
        kind: 'approval-needed',
        text: `${reason}; other things that wait for it cause no message: cordon list shows them`,
      },
    ]);
    expect(newsOf(record)).toEqual(['approval-needed']);
  });

  it('is not repeated for the other things, whether they wait or expire', () => {
    const waiting = lead(undefined, alarm(), told);
    const further = alarm({ behaviorName: 'other', violationId: 'v2' });

    expect(describeCase(waiting)).toMatchObject({ status: 'awaiting-approval', reason });
    expect(describeCase(waiting).outbox.timeline.map(({ detail }) => detail)).toContain(reason);
    expect(newsOf(waiting)).toEqual(['approval-needed, for systems']);
    expect(newsOf(lead(flushed(waiting), further, told))).toEqual(['approval-needed, for systems']);
    const expired = lead(flushed(waiting), resume, { now: now + 86_400_000 });
    expect(newsOf(expired)).toEqual(['approval-expired, for systems']);
  });

  it.each([
    ['approve', 'contained'],
    ['reject', 'rejected'],
  ] as const)('does not replace the announcement of an operator’s command: %s', (act, kind) => {
    const done = led(lead(undefined, alarm(), told), order(act));
    const news = newsOf(lead(flushed(lead(undefined, alarm(), told)), order(act)));

    expect(news.at(-1)).toBe(kind);
    expect(done.quiet && done.status !== 'observed').toBeFalsy();
  });

  it('is not repeated for later rejections, and the first one says so', () => {
    const waiting = led(undefined, alarm(), told);

    const first = lead(waiting, order('reject'));
    expect(newsOf(first)).toEqual(['rejected']);
    expect(describeCase(first).outbox.announcements[0]?.text).toBe(
      'rejected by ada: checked; other cases that waited for the fleet limit end without a message',
    );
    expect(newsOf(lead(waiting, order('reject'), { fleetLimitTold: true }))).toEqual([
      'rejected, for systems',
    ]);
  });

  it('does not hide a later, different reason to ask', () => {
    const configuration = aConfiguration({
      playbooks: [
        aPlaybook({ name: 'asks', when: { behavior: 'worse' }, mode: 'approve', severity: 'critical' }),
        aPlaybook(),
      ],
    });
    const waiting = led(undefined, alarm(), { ...told, configuration });
    const asked = lead(waiting, alarm({ behaviorName: 'worse', violationId: 'v2' }), { configuration });

    expect(newsOf(asked)).toEqual(['approval-needed']);
  });
});
