import type { Case } from '../../../../shared/domain/case/case';
import type { Command } from '../../../../shared/domain/decide/command';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import type { DescribedEntry } from '../../../../shared/domain/messages/describe-event';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aConfiguration, aContext, aPlaybook, decide, flushed, now } from '../../../builders';
import { alarm, lead, led, order } from '../lead-case';

/** A device decides how much it reports. That must not decide how much Cordon stores and announces. */

/** Does what `respond` does: sends the outbox, and writes a row if there are entries. */
function sent(record: Case): { record: Case; entries: readonly DescribedEntry[]; told: string[] } {
  const { timeline, announcements } = describeCase(record).outbox;
  const rows = timeline.length > 0 ? 1 : 0;
  return {
    record: { ...flushed(record), timelineSeq: record.timelineSeq + rows },
    entries: timeline,
    told: announcements.filter(({ quiet }) => !quiet).map(({ text }) => text),
  };
}

function play(
  first: Case | undefined,
  events: readonly Command[],
  context: Parameters<typeof aContext>[0] = {},
) {
  const base = aContext(context);
  let record = first;
  const entries: DescribedEntry[] = [];
  const told: string[] = [];
  for (const [index, event] of events.entries()) {
    const decision = decide(record, event, { ...base, now: now + index, newCaseId: `case-${index}` });
    if (decision.outcome !== 'changed') continue;
    const one = sent(decision.next);
    record = one.record;
    entries.push(...one.entries);
    told.push(...one.told);
  }
  return { record: record as Case, entries, told };
}

const held = sent(led(undefined, alarm())).record;

describe('the timeline of a case of very many events', () => {
  const events = Array.from({ length: 3_000 }, (_, index) =>
    alarm({
      eventType: index % 2 === 0 ? 'alarm-cleared' : 'in-alarm',
      violationId: `v${index}`,
      occurredAt: now + index,
      value: { strings: Array(200).fill('x'.repeat(20)) },
    }),
  );
  const { record, entries } = play(held, events);

  it('lists some 500 of them, with values cut, and counts the rest', () => {
    expect(record.timelineSeq).toBeLessThan(510);
    expect(entries.filter(({ what }) => what === 'no more events are listed')).toHaveLength(1);
    expect(Math.max(...entries.map(({ detail = '' }) => detail.length))).toBeLessThan(1_000);
    expect(record.foldedEvents).toBeGreaterThan(2_400);
  });

  it('says at its end how many are not listed', () => {
    const closed = lead(record, order('release'), { now: now + 10_000 });

    expect(describeCase(closed).outbox.timeline.at(-1)?.detail).toContain(
      `${record.foldedEvents} alarms, clears and connects are not listed`,
    );
  });

  it('stays as short if each alarm asks for a new approval', () => {
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    const waits = play(undefined, [alarm({ violationId: 'first', occurredAt: now - 1 }), ...events], {
      configuration,
    });

    expect(waits.record.status).toBe('awaiting-approval');
    expect(waits.record.timelineSeq).toBeLessThan(510);
  });

  it('stays as short if another certificate forges clears', () => {
    const forged = events.map((event) =>
      event.type === 'violation' && event.violation.kind === undefined
        ? alarm({
            ...event.violation,
            eventType: 'alarm-cleared',
            reporter: { clientId: 'attacker', principal: 'f'.repeat(64) },
          })
        : event,
    );
    const disregarded = play(held, forged);

    expect(disregarded.record.status).toBe('contained');
    expect(disregarded.record.timelineSeq).toBeLessThan(510);
  });

  it('stays as short if the device connects again and again under new client ids', () => {
    const connects = Array.from({ length: 3_000 }, (_, index): Command => {
      const clientId = index % 2 === 0 ? 'mything1' : `other-${index}`;
      return {
        ...{ type: 'reconnected', thingName: thingKey('mything1'), clientId },
        ...{ connectedAt: now + index, version: index },
      };
    });
    const cut = play(held, connects, { policyCacheMs: 600_000 });

    expect(cut.record.status).toBe('containing');
    expect(cut.record.timelineSeq).toBeLessThan(510);
  });
});

describe('a case of hundreds of behaviors that somebody made up', () => {
  const made = (index: number, over: object = {}) =>
    alarm({
      ...{ behaviorName: `${index}`.padEnd(128, 'x'), securityProfileName: 'p'.repeat(128) },
      ...{ metric: 'm'.repeat(128), violationId: `${index}`.padEnd(128, 'v'), occurredAt: now + index },
      ...over,
    });
  const events = Array.from({ length: 300 }, (_, index) => made(index));

  it('fits its item, and keeps the alarm that it was opened for', () => {
    const { record } = play(held, events);

    expect(Object.keys(record.violations).length).toBe(120);
    expect(JSON.stringify(record).length).toBeLessThan(200_000);
    expect(record.violations['myapp-processes/no-child-processes']?.lastEventType).toBe('in-alarm');
  });

  it('forgets first what is no longer in alarm', () => {
    const clears = events.map((_, index) =>
      made(index, { eventType: 'alarm-cleared', occurredAt: now + 5_000 }),
    );
    const { record } = play(play(held, events).record, [...clears, made(9_999)]);

    const open = Object.values(record.violations).filter(({ lastEventType }) => lastEventType === 'in-alarm');
    expect(open.map(({ violationId }) => violationId.slice(0, 4))).toEqual(['37e1', '9999']);
  });
});

describe('a report that violates 100 behaviors', () => {
  const events = Array.from({ length: 100 }, (_, index) =>
    alarm({ behaviorName: `behavior-${index}`, violationId: `v${index}`, occurredAt: now + index }),
  );

  it('causes five messages, the last of which says that more follow without one', () => {
    const { record, told } = play(held, events);

    expect(told.length).toBeLessThanOrEqual(5);
    expect(told.at(-1)).toContain('further behaviors cause no message');
    expect(told.filter((text) => text.includes('cause no message'))).toHaveLength(1);
    expect(Object.keys(record.violations)).toHaveLength(101);
  });

  it('causes no more messages if each violation, and its case, ends before the next', () => {
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'observe' })] });
    const oneByOne = events.flatMap((event, index) =>
      event.type === 'violation' && event.violation.kind === undefined
        ? [
            alarm({ ...event.violation, occurredAt: now + 2 * index }),
            alarm({ ...event.violation, occurredAt: now + 2 * index + 1, eventType: 'alarm-cleared' }),
          ]
        : [],
    );
    const { record, told } = play(undefined, oneByOne, { configuration });

    expect(record.status).toBe('closed');
    expect(told.length).toBeLessThanOrEqual(5);
    expect(told.at(-1)).toContain('further behaviors cause no message');
  });
});
