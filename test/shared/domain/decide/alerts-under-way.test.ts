import fc from 'fast-check';
import { type Case, isOpen } from '../../../../shared/domain/case/case';
import { openViolations } from '../../../../shared/domain/case/violation-record';
import type { Command } from '../../../../shared/domain/decide/command';
import type { OperatorAction } from '../../../../shared/domain/decide/operator-actions';
import { resetAlarms } from '../../../../shared/domain/detection/reset';
import { type DetectedEvent, newDetectState, type Profiles } from '../../../../shared/domain/detection/state';
import { findingKey } from '../../../../shared/domain/findings/finding';
import type { Evidence } from '../../../../shared/domain/findings/violation';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aConfiguration, aContext, aPlaybook, aViolation, decide, now } from '../../../builders';
import { criteria, judgeReport } from '../detection/judging';
import { alarm, led, order } from '../lead-case';

/** The detector and the case of one thing, while queues delay, repeat and reorder the alerts between them. */

const behaviors = ['children', 'ports'] as const;
const principal = 'a'.repeat(64);

function profilesOf(inARow: number): Profiles {
  const over = { consecutiveDatapointsToAlarm: inARow };
  const all = behaviors.map((name) => ({
    ...{ name, metric: name, suppressAlerts: false },
    criteria: criteria('less-than', { number: 1 }, over),
  }));
  return [['p', { targets: ['all/things'], additionalMetricsToRetain: [], behaviors: all }]];
}

const alertOf = (
  { behavior: { name, metric }, at, principal: _, ...event }: DetectedEvent,
  evidence: readonly Evidence[] = [],
): Command =>
  alarm(
    aViolation({
      ...event,
      ...{ behaviorName: name, metric, occurredAt: at, reporter: { clientId: 'mything1', principal } },
      ...(metric === 'children' && { evidence }),
    }),
  );

interface Arriving {
  readonly at: number;
  /** A report that was made at that time, or a command. */
  readonly what:
    | { readonly madeAt: number; readonly values: readonly number[]; readonly delays: readonly number[] }
    | Command;
}

const delayMs = fc.oneof(
  fc.constantFrom(30, 100),
  fc.integer({ min: 30, max: 3_000 }),
  fc.integer({ min: 30, max: 700_000 }),
);
const step = fc.record({
  gapMs: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 5_000, max: 120_000 })),
  values: fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })),
  delays: fc.array(delayMs, { minLength: 4, maxLength: 4 }),
  reportMs: fc.oneof(fc.constant(20), fc.integer({ min: 0, max: 5_000 })),
  ordered: fc.option(fc.constantFrom<OperatorAction>('dismiss', 'release', 'contain', 'reject'), { freq: 4 }),
});
const mode = fc.constantFrom('observe' as const, 'approve' as const, 'enforce' as const);

it('a case ends with exactly the behaviors in alarm that are out of bounds, however alerts and commands interleave', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.tuple(mode, mode),
      fc.record({ inARow: fc.constantFrom(1, 2), last: fc.constantFrom(0, 1), twice: fc.boolean() }),
      (steps, modes, { inARow, last, twice }) => {
        const playbooks = behaviors.map((behavior, index) =>
          aPlaybook({ name: behavior, when: { behavior }, mode: modes[index] ?? 'observe' }),
        );
        const configuration = aConfiguration({ playbooks });
        const arriving: Arriving[] = [];
        let madeAt = now;
        for (const { gapMs, values, delays, reportMs, ordered } of steps) {
          madeAt += gapMs;
          arriving.push({ at: madeAt + reportMs, what: { madeAt, values, delays } });
          if (ordered) arriving.push({ at: madeAt + 10, what: order(ordered) });
        }
        // When all has arrived.
        madeAt += 1_500_000;
        for (let report = 0; report < 3; report += 1) {
          madeAt += 120_000;
          arriving.push({ at: madeAt, what: { madeAt, values: [last, last], delays: [30, 30, 30] } });
        }
        let state = newDetectState(thingKey('mything1'));
        let record: Case | undefined;
        for (let count = 0; arriving.length > 0; count += 1) {
          arriving.sort((a, b) => b.at - a.at);
          const { at, what } = arriving.pop() as Arriving;
          if ('type' in what) {
            const context = { configuration, newCaseId: `case-${count}`, now: at };
            if (decide(record, what, aContext(context)).outcome !== 'changed') continue;
            const before: Case | undefined = record;
            const next: Case = led(record, what, context);
            record = next;
            if (isOpen(next) || (before?.caseId === next.caseId && !isOpen(before))) continue;
            const { caseId, violations, ledger } = next;
            const known = Object.values(violations).filter((one) => one.caseId === caseId);
            const heldUntil = ledger.length > 0 ? at : undefined;
            state = resetAlarms(
              state,
              at,
              heldUntil,
              known.map(({ violationId, lastEventAt }) => ({ violationId, at: lastEventAt })),
            );
            continue;
          }
          const metrics = Object.fromEntries(
            what.values.map((number, index) => [behaviors[index], { number }]),
          );
          const judged = judgeReport({
            ...{ state, at: what.madeAt, profiles: profilesOf(inARow), principal, reportedByItself: true },
            report: { reportId: what.madeAt, metrics, evidence: [] },
            nameViolation: (key, seed) => `${key}@${seed}`,
          });
          state = judged.state;
          for (const [index, event] of judged.events.entries())
            for (const delay of what.delays.slice(index, index + (twice ? 2 : 1)))
              arriving.push({ at: at + delay, what: alertOf(event) });
        }
        const open = record && isOpen(record) ? openViolations(record).map((one) => findingKey(one)) : [];

        expect(open.toSorted()).toEqual(last === 1 ? ['p/children', 'p/ports'] : []);
      },
    ),
    { numRuns: 120 },
  );
});

it('an unexpected child leads to the containment of its device, whatever overtakes its report and its alert', () => {
  const child = { metric: 'children', commandLine: 'x y', argumentCount: 1 };
  const curl: Evidence = { ...child, executable: '/usr/bin/curl' };
  const shell: Evidence = { ...child, executable: '/bin/sh' };
  const playbooks = [
    aPlaybook({
      name: 'children',
      when: { behavior: 'children' },
      unless: [{ executable: '/usr/bin/curl' }],
    }),
    aPlaybook({ name: 'ports', when: { behavior: 'ports' }, mode: 'observe' }),
  ];
  const configuration = aConfiguration({ playbooks });
  // Fewer events than a flapping behavior may have.
  const reports = fc.array(
    fc.record({
      gapMs: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 5_000, max: 120_000 })),
      evidence: fc.constantFrom<Evidence[]>([], [curl], [curl], [shell], [curl, shell]),
      ports: fc.integer({ min: 0, max: 1 }),
      reportMs: fc.oneof(fc.constant(20), fc.integer({ min: 0, max: 5_000 })),
      delays: fc.array(delayMs, { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(reports, fc.boolean(), (made, twice) => {
      let madeAt = now;
      const received = made.map(({ gapMs, reportMs, ...report }) => {
        madeAt += gapMs;
        return { ...report, madeAt, at: madeAt + reportMs };
      });
      let state = newDetectState(thingKey('mything1'));
      let record: Case | undefined;
      const alerts: { readonly at: number; readonly alert: Command }[] = [];
      const takeAlerts = (until: number): void => {
        alerts.sort((a, b) => b.at - a.at);
        for (let next = alerts.at(-1); next && next.at <= until; next = alerts.at(-1)) {
          alerts.pop();
          const { at, alert } = next;
          const context = { configuration, newCaseId: `case at ${at}`, now: at };
          if (decide(record, alert, aContext(context)).outcome !== 'changed') continue;
          const before: Case | undefined = record;
          const after: Case = led(record, alert, context);
          record = after;
          if (isOpen(after) || (before?.caseId === after.caseId && !isOpen(before))) continue;
          const known = Object.values(after.violations).filter(({ caseId }) => caseId === after.caseId);
          state = resetAlarms(
            state,
            at,
            undefined,
            known.map(({ violationId, lastEventAt }) => ({ violationId, at: lastEventAt })),
          );
        }
      };
      for (const { at, madeAt: reportId, evidence, ports, delays } of received.toSorted(
        (a, b) => a.at - b.at,
      )) {
        takeAlerts(at);
        const metrics = { children: { number: evidence.length }, ports: { number: ports } };
        const judged = judgeReport({
          ...{ state, at: reportId, profiles: profilesOf(1), principal, reportedByItself: true, playbooks },
          report: { reportId, metrics, evidence },
          nameViolation: (key, seed) => `${key}@${seed}`,
        });
        state = judged.state;
        for (const [index, event] of judged.events.entries())
          for (const delay of delays.slice(index, index + (twice ? 2 : 1)))
            alerts.push({ at: at + delay, alert: alertOf(event, evidence) });
      }
      takeAlerts(Infinity);

      expect(record?.status === 'contained').toBe(
        received.some(({ evidence }) => evidence.some(({ executable }) => executable === '/bin/sh')),
      );
    }),
    { numRuns: 200 },
  );
});
