import { resolveNow } from '../../shared/domain/asking';
import { judgeLifecycle } from '../../shared/domain/detection/judge-lifecycle';
import { judgeReport } from '../../shared/domain/detection/judge-report';
import { judgeTime } from '../../shared/domain/detection/judge-time';
import type { Setting } from '../../shared/domain/detection/judgement';
import { lifecycleEvent } from '../../shared/domain/detection/lifecycle';
import type { Detecting } from '../../shared/domain/detection/questions';
import type {
  Contribution,
  DetectedEvent,
  DetectState,
  Judgement,
  Membership,
} from '../../shared/domain/detection/state';
import { newDetectState } from '../../shared/domain/detection/state';
import { type DeviceReport, readReport } from '../../shared/domain/findings/report';
import type { MetricValue } from '../../shared/domain/findings/violation';
import { thingKey } from '../../shared/domain/thing-ref';
import { CliError } from '../cli-error';
import type { Example, Step } from './file';

export interface Alert {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly thingName: string;
  readonly event: DetectedEvent;
}

/** The start is at midnight, so five-minute boundaries are at 5m, 10m and so on. */
const start = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const someThing = 'mything1';

/** Runs an example through the rules that the detect function runs, with a clock of its own. */
export function simulate({ profiles, steps, until }: Example): Alert[] {
  const states = new Map<string, DetectState>();
  const members = new Map<string, Membership>();
  const fleet = new Map<string, Record<string, number>>();
  const alerts: Alert[] = [];
  let reports = 0;

  /** `now`: when the step is handled, which may be later than `at`. */
  function judge(thingName: string, at: number, rule: Rule, now = at): void {
    const state = states.get(thingName) ?? newDetectState(thingKey(thingName));
    const nameViolation = (key: string, seed: string | number) => `${thingName} ${key} ${seed}`;
    const judgement = resolveNow(rule({ state, at, profiles, nameViolation }), {
      membership: () => members.get(thingName) ?? { registered: true, groups: [] },
      owner: () => true,
      distribution: (about) => fleet.get(keyOf(about)),
      held: () => false,
      alone: () => true,
    });
    states.set(thingName, judgement.state);
    for (const contribution of judgement.contributions) count(fleet, contribution);
    for (const event of judgement.events)
      if (!event.behavior.suppressAlerts) alerts.push({ at: now - start, thingName, event });
  }

  /** The scheduled run of each minute, for things that are due. */
  function passTime(from: number, to: number): void {
    for (;;) {
      const due = [...states.values()]
        .filter(({ dueAt }) => dueAt !== undefined)
        .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))[0];
      const at = Math.ceil(Math.max(due?.dueAt ?? Number.POSITIVE_INFINITY, from) / minuteMs) * minuteMs;
      if (!due || at > to) return;
      judge(due.thingName, at, judgeTime);
      from = states.get(due.thingName)?.dueAt === due.dueAt ? at + minuteMs : at;
    }
  }

  let now = start;
  for (const step of steps) {
    const { at, thing = someThing } = step;
    passTime(now, start + at - 1);
    now = start + at;
    const known = members.get(thing) ?? { registered: true, groups: [] };
    members.set(thing, {
      registered: step.registered ?? known.registered,
      groups: step.groups ?? known.groups,
    });
    const trigger = readTrigger(step, thing, () => ++reports);
    if (trigger) judge(thing, start + (step.receivedAt ?? at), trigger, now);
    passTime(now, now);
  }
  passTime(now, Math.max(now, start + (until ?? 0)));
  return alerts;
}

type Rule = (setting: Setting) => Detecting<Judgement>;

/** Plays a step: a report, a lifecycle event, or only the passage of time. */
function readTrigger(step: Step, thing: string, nextId: () => number): Rule | undefined {
  const { event: told, at, client = thing, principal = `certificate of ${client}` } = step;
  if (told) {
    const event = lifecycleEvent.parse({
      clientId: thing,
      eventType: told.type,
      timestamp: start + (step.receivedAt ?? at),
      sessionIdentifier: told.session,
      principalIdentifier: told.principal,
      ...(told.ip !== undefined && { ipAddress: told.ip }),
      ...(told.reason !== undefined && { disconnectReason: told.reason }),
    });
    return (setting) => judgeLifecycle({ ...setting, event });
  }
  const report = readStep(step, nextId);
  if (!report) return undefined;
  return (setting) => judgeReport({ ...setting, report, principal, reportedByItself: client === thing });
}

function readStep(step: Step, nextId: () => number): DeviceReport | undefined {
  const { metrics, report, reportId = nextId() } = step;
  const made = step.madeAt === undefined ? {} : { madeAt: start + step.madeAt };
  if (metrics)
    return {
      ...{ reportId, metrics: metrics as Readonly<Record<string, MetricValue>>, evidence: [] },
      ...made,
    };
  if (!report) return undefined;
  const read = readReport({ header: { report_id: reportId, version: '1.0' }, ...made, ...report });
  if (read.kind !== 'report') throw new CliError(`a report was rejected: ${read.errorCode}, ${read.reason}`);
  return read.report;
}

function count(fleet: Map<string, Record<string, number>>, contribution: Contribution): void {
  const key = keyOf(contribution);
  const bins = fleet.get(key) ?? {};
  fleet.set(key, { ...bins, [contribution.bin]: (bins[contribution.bin] ?? 0) + 1 });
}

function keyOf({ metric, durationSeconds, window }: Omit<Contribution, 'bin'>): string {
  return `${metric}#${durationSeconds}#${window}`;
}
