import type { Behavior, Playbook } from '../configuration';
import type { DeviceReport } from '../findings/report';
import { boundValue, keepEvidence, type MetricValue } from '../findings/violation';
import { ownField } from '../json';
import { noteAgentReport, shortPrincipal } from './agent-silence';
import { numberOf } from './criteria';
import type { Entry } from './entries';
import { followExceptions } from './excepted';
import { type Draft, ignore, type OpenJudgement, openJudgement, type Setting } from './judgement';
import { measure } from './measure';
import { missedReports } from './metrics';
import { noteReport } from './note-report';
import { binOf } from './percentiles';
import { type Detecting, judgeWith, need } from './questions';
import { isFromBefore, type Placed, place } from './report-time';
import { selectRetained } from './retention';
import { findSender, isForeign, senderName } from './senders';
import { isForeignSlot, readSlot, slotOf } from './slots';
import type { BehaviorState, DetectState, Judgement, Profiles } from './state';
import { fewSpans } from './window';

export interface ReportInput extends Setting {
  readonly report: DeviceReport;
  /** The certificate that sent it, if that is known. */
  readonly principal?: string;
  /** False if another client reported for the thing: such a report can raise an alarm, never end one. */
  readonly reportedByItself: boolean;
  /** What may except an alarm. */
  readonly playbooks?: readonly Playbook[];
}

/** Whether any behavior compares a thing with the fleet. */
export function hasPercentiles(profiles: Profiles): boolean {
  return profiles.some(([, { behaviors }]) =>
    behaviors.some(({ criteria }) => criteria.statisticalThreshold !== undefined),
  );
}

/** Judges one report of a device. A repeated report changes nothing, and a late one ends no alarm. */
export function judgeReport(input: ReportInput): Detecting<Judgement> {
  return judgeWith(input, judgeWhole);
}

function* judgeWhole(input: ReportInput): Detecting<Draft> {
  const { state, report, at, principal = 'unknown', reportedByItself, profiles } = input;
  const sender = senderName({ principal, isOwn: reportedByItself });
  const placed = place(state, report, sender, at);
  if (placed.isRepeat || isFromBefore(state, placed, at)) return ignore(state);
  const owner = findOwner(state) ?? (reportedByItself ? sender : undefined);
  const isOwnAgent = reportedByItself && (yield* isOfOwnAgent(state, principal));
  // A late report does not say how the agent is now.
  const health = placed.isLate ? undefined : report.health;
  const agent = isOwnAgent ? noteAgentReport(state.agent, health, principal, at) : state.agent;
  const judgement = openJudgement(input);
  let isOpen = false;
  for (const entry of judgement.monitored()) {
    if (entry.behavior.metric === missedReports) {
      if (isOwnAgent && agent?.silentAt === undefined) endSilence(judgement, entry, report.reportId);
      continue;
    }
    const slot = slotOf(entry.key, sender, owner);
    yield* judgeBehavior(judgement, entry, slot, placed, input);
    isOpen ||=
      reportedByItself && Object.hasOwn(report.metrics, entry.behavior.metric) && judgement.isOpen(slot);
  }
  const { retained, datapoints } = reportedByItself
    ? selectRetained(report.metrics, pointOf(placed, sender === owner, at), profiles, state.retained)
    : { retained: state.retained ?? {}, datapoints: [] };
  judgement.retain(datapoints);
  const senders = noteReport(state, report, sender, placed, at);
  judgement.dropOthers(new Set(senders.map((known) => known.principal)));
  return judgement.conclude(
    {
      agent,
      ...(Object.keys(retained).length > 0 && { retained }),
      // While an alarm is open, each report is recorded, so that a late one cannot end it.
      ...(isOpen && { senders }),
    },
    {
      ...(owner !== undefined && { owner }),
      ...(reportedByItself && !placed.isLate && { lastReportId: report.reportId }),
      senders,
      lastReceivedAt: Math.max(at, state.lastReceivedAt),
    },
  );
}

/**
 * A report of another certificate under the thing's client id must not make the agent look well, so the owner of an unknown
 * certificate is looked up.
 */
function* isOfOwnAgent({ agent }: DetectState, principal: string): Detecting<boolean> {
  return !agent || agent.principal === shortPrincipal(principal) || (yield* need('owner', { principal }));
}

/** Ends the alarm of missed reports, whichever of the thing's certificates reports. */
function endSilence(judgement: OpenJudgement, entry: Entry, seed: number): void {
  const before = judgement.before(entry.key);
  if (before.violationId ?? before.forgotten)
    judgement.recordDatapoint(entry.key, entry, before, { isBad: false, value: { count: 0 }, seed });
}

/** Whether exceptions cover an alarm, as the playbooks will read it. */
function followEntry(
  { securityProfileName, behavior }: Entry,
  before: BehaviorState,
  isBad: boolean,
  value: MetricValue,
  { playbooks = [], report, reportedByItself }: ReportInput,
): ReturnType<typeof followExceptions> {
  const excepting = reportedByItself ? playbooks.filter(({ unless }) => unless !== undefined) : [];
  if (excepting.length === 0) return { isNews: false };
  const alarm = {
    ...{ securityProfileName, behaviorName: behavior.name, metric: behavior.metric },
    ...{ value: boundValue(value), ...keepEvidence(report.evidence) },
  };
  return followExceptions(before.excepted, before.violationId !== undefined, isBad, alarm, excepting);
}

/** The time under which a value is kept: only the thing's first sender sets it, so that no other overwrites kept values. */
function pointOf({ trueAt, isLate }: Placed, isOwner: boolean, at: number) {
  return { at: isOwner ? trueAt : at, isLate };
}

/** In states without separate certificates, it was the one that reported last. */
function findOwner({ owner, senders }: DetectState): string | undefined {
  return owner ?? senders?.find(({ principal }) => !isForeign(principal))?.principal;
}

function* judgeBehavior(
  judgement: OpenJudgement,
  entry: Entry,
  slot: string,
  placed: Placed,
  input: ReportInput,
): Detecting<void> {
  const { report, at, reportedByItself, state } = input;
  const { behavior, key } = entry;
  const reported = ownField(report.metrics, behavior.metric);
  if (!reported) return;
  const { durationSeconds, statisticalThreshold } = behavior.criteria;
  const number = Math.floor(at / 1_000 / (durationSeconds ?? 1));
  // The previous window, since the fleet is still being counted in this one.
  const others =
    statisticalThreshold && durationSeconds
      ? yield* need('distribution', { metric: behavior.metric, durationSeconds, window: number - 1 })
      : undefined;
  const most = slot === key ? undefined : fewSpans;
  const { before, isBad, value, late } = measure(reported, judgement.before(slot), behavior, {
    ...{ placed, others, most, intervals: report.intervals ?? 1 },
  });
  if (reportedByItself && !placed.isLate) countAmongFleet(judgement, behavior, number, value);
  // A late or shortened report, or one of another sender, cannot show that a value conforms.
  const mayEnd = reportedByItself && !placed.isLate && !report.partial?.includes(behavior.metric);
  if (isBad === undefined || (!isBad && !mayEnd)) {
    if (before.window) judgement.keep(slot, before);
    return;
  }
  const { madeAt } = placed;
  const verdict = { isBad, value, madeAt, seed: report.reportId, ...(late && { late }) };
  const { isNews, excepted } = followEntry(entry, before, isBad, value, input);
  const { excepted: known, ...rest } = before;
  // A late value is not the last one.
  const memory = late && before.violationId && !isNews ? known : excepted;
  judgement.recordDatapoint(
    slot,
    entry,
    { ...rest, ...(memory && { excepted: memory }) },
    { ...verdict, isNews },
  );
  if (isBad) return;
  for (const left of judgement.slots(key).filter((other) => other !== slot && isLeft(other, state, at)))
    if (judgement.isOpen(left)) judgement.recordDatapoint(left, entry, judgement.before(left), verdict);
}

function countAmongFleet(
  judgement: OpenJudgement,
  { metric, criteria: { statisticalThreshold, durationSeconds } }: Behavior,
  window: number,
  value: MetricValue,
): void {
  const measured = numberOf(value);
  if (statisticalThreshold && durationSeconds && measured !== undefined)
    judgement.count({ metric, durationSeconds, window, bin: binOf(measured) });
}

/** A replaced certificate reports no more, so its open alarm passes to the certificate that does. */
const leftMs = 3_600_000;

function isLeft(slot: string, state: DetectState, at: number): boolean {
  if (isForeignSlot(slot)) return false;
  const { sender = findOwner(state) ?? '' } = readSlot(slot);
  return at - (findSender(state, sender)?.at ?? state.behaviors[slot]?.heardAt ?? 0) >= leftMs;
}
