import fc from 'fast-check';
import { type Case, isOpen } from '../../../../shared/domain/case/case';
import { settle } from '../../../../shared/domain/case/settle';
import { nextStep, type Outcome, recordOutcome } from '../../../../shared/domain/case/steps';
import { openViolations } from '../../../../shared/domain/case/violation-record';
import type { Command } from '../../../../shared/domain/decide/command';
import { findingKey } from '../../../../shared/domain/findings/finding';
import type { Violation } from '../../../../shared/domain/findings/violation';
import type { KillSwitch } from '../../../../shared/domain/guards/kill-switch';
import { describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../../shared/domain/thing-ref';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  aViolation,
  changedBy,
  decide,
  flushed,
  now,
  type Situation,
  someFacts,
  words,
} from '../../../builders';

/** One event of a thing's life; its time is its place in the list. */
interface Event {
  readonly behavior: string;
  readonly eventType: Violation['eventType'];
}

const event: fc.Arbitrary<Event> = fc.record({
  behavior: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  eventType: fc.constantFrom('in-alarm', 'alarm-cleared', 'alarm-invalidated'),
});

const operator = (type: 'release' | 'contain' | 'approve' | 'dismiss'): Command => ({
  type,
  thingName: thingKey('mything1'),
  actor: 'ada',
  ...(type === 'release' && { force: true }),
});

const toCommand = ({ behavior, eventType }: Event, index: number): Command => ({
  type: 'violation',
  thingName: thingKey('mything1'),
  violation: aViolation({ behaviorName: behavior, eventType, occurredAt: now + index }),
});

const anyContext: fc.Arbitrary<Partial<Situation>> = fc.record({
  facts: fc.constantFrom(
    someFacts(),
    someFacts({ registered: false }),
    someFacts({ groups: ['life-support'] }),
    someFacts({ groups: ['cordon-quarantine'] }),
    { kind: 'unavailable', reason: 'throttled' } as const,
  ),
  killSwitch: fc.constantFrom<KillSwitch>(
    { state: 'off' },
    { state: 'on' },
    { state: 'unknown', reason: 'throttled' },
  ),
  fleetLimitReached: fc.boolean(),
  policyCacheMs: fc.constantFrom(0, 480_000),
  configuration: fc
    .constantFrom('observe' as const, 'approve' as const, 'enforce' as const)
    .map((mode) => aConfiguration({ playbooks: [aPlaybook({ mode })] })),
});

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(event, fc.integer({ min: 0, max: 50 })).map(([what, at]) => toCommand(what, at)),
  fc.constantFrom('release', 'contain', 'approve', 'dismiss').map(operator),
  fc.constantFrom<Command>(
    { type: 'resume', thingName: thingKey('mything1') },
    { type: 'reconnected', thingName: thingKey('mything1'), clientId: 'mything1', connectedAt: now },
  ),
);

/** Performs what is planned; `answer` says how each step ends. */
function perform(record: Case, at: number, answer: () => Outcome['result'] = () => 'done'): Case {
  let next = record;
  const seen = new Set<Case['ledger'][number]['action']>();
  for (let count = 0; ; count += 1) {
    const step = nextStep(next, seen);
    if (!step) return flushed(settle(next, at));
    if (count > 20) throw new Error('the steps never end');
    const result = answer();
    next = recordOutcome(next, step, { result, detail: [words(`${step.kind} ${result}`)] }, at);
    if (step.kind === 'verify' || result === 'conflict') seen.add(step.entry.action);
  }
}

function play(commands: readonly Command[], context: Partial<Situation> = {}): Case | undefined {
  let record: Case | undefined;
  for (const [index, command] of commands.entries()) {
    const decision = decide(record, command, aContext({ newCaseId: `case-${index}`, ...context }));
    if (decision.outcome === 'changed') record = perform(decision.next, now);
  }
  return record;
}

/** Each behavior meets another mode. */
const oneForEach = [
  aPlaybook({ name: 'acts', when: { behavior: 'a' } }),
  aPlaybook({
    name: 'acts harder',
    when: { behavior: 'e' },
    severity: 'medium',
    actions: ['deny-certificate', 'deactivate-certificate', 'disconnect'],
  }),
  aPlaybook({ name: 'asks', when: { behavior: 'b' }, mode: 'approve' }),
  aPlaybook({ name: 'asks too', when: { behavior: 'd' }, mode: 'approve', severity: 'high' }),
  aPlaybook({ name: 'watches', when: { behavior: 'c' }, mode: 'observe', actions: [], severity: 'low' }),
];

/** What must be equal at the end: the status, the actions that hold the thing, and the open alarms with their times. */
function outcomeOf(record: Case | undefined) {
  const open = record && isOpen(record) ? openViolations(record) : [];
  return {
    status: record?.status,
    ledger: record?.ledger
      .map(({ action, status, prior }) => ({ action, status, prior }))
      .toSorted((a, b) => a.action.localeCompare(b.action)),
    // An approval runs this playbook, so it must be equal. Other cases keep the name of the last playbook that matched.
    ...(record?.status === 'awaiting-approval' && { playbook: record.playbook }),
    ...(record?.status !== 'observed' && record?.status !== 'closed' && { severity: record?.severity }),
    open: open.map((violation) => [findingKey(violation), violation.lastEventAt]).sort(),
  };
}

describe('decide, for any history', () => {
  it('plans an action only on an open alarm or for an operator', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyCommand, anyContext), { maxLength: 20 }), (history) => {
        let record: Case | undefined;
        for (const [index, [command, context]] of history.entries()) {
          const decision = decide(record, command, aContext({ ...context, newCaseId: `case-${index}` }));
          if (decision.outcome === 'unchanged') continue;
          const held = record?.ledger.map(({ action }) => action) ?? [];
          const added = decision.next.ledger.filter(({ action }) => !held.includes(action));
          const started =
            added.length > 0 && (command.type === 'violation' ? command.violation.eventType : command.type);
          expect([false, 'in-alarm', 'contain', 'approve']).toContain(started);
          if (started) expect(context.killSwitch?.state).toBe('off');
          record = perform(decision.next, now);
        }
      }),
    );
  });

  it('acts on an alarm without an operator only if every guard permits it', () => {
    fc.assert(
      fc.property(anyContext, (context) => {
        const full = aContext(context);
        const decision = decide(undefined, toCommand({ behavior: 'a', eventType: 'in-alarm' }, 0), full);
        const allowed =
          full.configuration.playbooks[0]?.mode === 'enforce' &&
          full.killSwitch.state === 'off' &&
          !full.fleetLimitReached &&
          full.facts.kind === 'known' &&
          full.facts.registered &&
          !full.facts.groups.includes('life-support');
        expect(decision.outcome === 'changed' && decision.next.ledger.length > 0).toBe(allowed);
      }),
    );
  });

  it('never releases on a clear', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const contained = play([operator('contain')]);
        let record = contained;
        for (const [index, what] of events.entries()) {
          const clear = { ...what, eventType: 'alarm-cleared' } as const;
          const decision = decide(record, toCommand(index % 2 ? clear : what, index), aContext());
          if (decision.outcome === 'changed') record = perform(decision.next, now);
          expect([record?.status, record?.ledger]).toEqual(['contained', contained?.ledger]);
        }
      }),
    );
  });

  it('reaches the same case however often and late the events are repeated', () => {
    const history = fc.array(event, { minLength: 1, maxLength: 15 }).chain((events) =>
      fc.tuple(
        fc.constant(events.map(toCommand)),
        // For each event, which of those so far are delivered once more after it.
        fc.array(fc.array(fc.nat({ max: 14 }), { maxLength: 4 }), {
          minLength: events.length,
          maxLength: events.length,
        }),
      ),
    );
    fc.assert(
      fc.property(history, anyContext, ([commands, repeats], context) => {
        let record: Case | undefined;
        for (const [index, command] of commands.entries()) {
          const again = (repeats[index] ?? []).flatMap((earlier) => commands[Math.min(earlier, index)] ?? []);
          for (const delivered of [command, ...again]) {
            const decision = decide(record, delivered, aContext({ ...context, newCaseId: `case-${index}` }));
            if (decision.outcome === 'changed') record = perform(decision.next, now);
          }
        }
        expect(record).toEqual(play(commands, context));
      }),
    );
  });

  it('reaches the same case in whatever order, and however often, the events arrive', () => {
    const deliveries = fc.array(event, { minLength: 1, maxLength: 8 }).chain((events) => {
      const commands = events.map(toCommand);
      return fc.tuple(
        fc.constant(commands),
        fc.shuffledSubarray([...commands, ...commands], { minLength: commands.length * 2 }),
      );
    });
    fc.assert(
      // Mostly a setting that allows all actions; otherwise there is little to compare.
      fc.property(
        deliveries,
        fc.option(anyContext, { nil: {}, freq: 1 }),
        fc.boolean(),
        ([inOrder, anyOrder], over, mixed) => {
          const context = mixed
            ? { ...over, configuration: aConfiguration({ playbooks: oneForEach }) }
            : over;
          expect(outcomeOf(play(anyOrder, context))).toEqual(outcomeOf(play(inOrder, context)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps the first record of what release must restore, however often it contains again', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 15 }), fc.boolean(), (commands, memberBefore) => {
        const groups = memberBefore ? ['sensors', 'cordon-quarantine'] : ['sensors'];
        const at = (after: string[]) => aContext({ facts: someFacts({ groups: after }), now: now + 60_000 });
        const first = decide(undefined, operator('contain'), at(groups));
        if (first.outcome !== 'changed') throw new Error(describeRefusal(first.reason));
        let record = perform(first.next, now);
        for (const command of commands) {
          const decision = decide(record, command, at(['sensors', 'cordon-quarantine']));
          if (decision.outcome !== 'changed') continue;
          if (decision.next.caseId !== record.caseId || decision.next.status === 'releasing') return;
          record = perform(decision.next, now);
          expect(record.ledger.find(({ action }) => action === 'quarantine')?.prior).toMatchObject({
            memberBefore,
          });
        }
      }),
    );
  });

  it('brings every entry to reverted by releases, whatever conflicts occur in between', () => {
    const answers = fc.array(fc.constantFrom<Outcome['result']>('done', 'conflict'), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), answers, (events, results) => {
        const contained = play([operator('contain'), ...events.map(toCommand)]);
        const left = [...results];
        let record = contained;
        for (let release = 0; record?.status !== 'closed'; release += 1) {
          if (release > results.length) throw new Error('never released');
          record = perform(changedBy(record, operator('release')), now, () => left.shift() ?? 'done');
        }
        expect(record.ledger.map(({ action, status }) => [action, status])).toEqual(
          contained?.ledger.map(({ action }) => [action, 'reverted']),
        );
      }),
    );
  });

  it('neither forgets a held thing nor leaves work without a due time', () => {
    const answers = fc.array(
      fc.constantFrom<Outcome['result']>('done', 'unverified', 'refused', 'conflict'),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyCommand, anyContext), { maxLength: 12 }),
        answers,
        (history, results) => {
          const left = [...results];
          let record: Case | undefined;
          for (const [index, [command, context]] of history.entries()) {
            const decision = decide(record, command, aContext({ ...context, newCaseId: `case-${index}` }));
            if (decision.outcome === 'unchanged') continue;
            const before = record;
            // A crash after the plan was saved leaves its steps to a later command.
            const crashes = left.shift() === 'conflict';
            record = crashes
              ? flushed(decision.next)
              : perform(decision.next, now, () => left.shift() ?? 'done');
            const { status, ledger, dueAt } = record;
            // Cases that wait for an approval, which expires, and cases that only the kill switch held back are due
            // again too.
            const working =
              ['awaiting-approval', 'containing', 'contained', 'containment-failed', 'releasing'].includes(
                status,
              ) ||
              (status === 'observed' && record.heldBackBy !== undefined);
            // A request for approval may be due to expire, or may never expire.
            if (status !== 'awaiting-approval')
              expect([status, dueAt !== undefined]).toEqual([status, working]);
            const kept = ledger.filter((entry) => entry.status !== 'reverted' && entry.status !== 'failed');
            if (status === 'observed' || status === 'awaiting-approval')
              expect([status, kept]).toEqual([status, []]);
            // A dismissal may leave a conflict, for which no later command is responsible.
            const closes = status === 'closed' && before?.status !== 'closed';
            if (closes && command.type !== 'dismiss') expect(kept).toEqual([]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
