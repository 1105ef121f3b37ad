import { createHash } from 'node:crypto';
import { deniedObject, statusObject } from '../../shared/domain/actions/lease';
import type { ActionName } from '../../shared/domain/actions/registry';
import { type Case, holdsThing, isOpen, owesNews } from '../../shared/domain/case/case';
import { isCut, replanCut } from '../../shared/domain/case/ledger';
import { nextStep, recordOutcome, settle } from '../../shared/domain/case/steps';
import type { Command } from '../../shared/domain/decide/command';
import { decide, hasUnfinished, needsFacts } from '../../shared/domain/decide/decide';
import type { Context, Decision } from '../../shared/domain/decide/decision';
import { makeUpFor } from '../../shared/domain/decide/plan';
import { type Facts, ownsCertificate } from '../../shared/domain/facts';
import { findFleetLimit } from '../../shared/domain/guards/guards';
import { type KillSwitch, killSwitchFor } from '../../shared/domain/guards/kill-switch';
import { measure, writeAnnouncement } from '../../shared/domain/messages/announcement';
import { deviceNoticeFor, deviceNoticeTopic } from '../../shared/domain/messages/device-notice';
import { isRefusal } from '../../shared/errors';
import type {
  Announcer,
  CaseStore,
  DetectionReset,
  FleetLimit,
  KillSwitchReader,
  Leases,
  Log,
  Metrics,
  Refusals,
  Versioned,
} from '../../shared/ports';
import { gatherFacts } from './facts';
import { findChanged } from './left-changed';
import { type ActionOptions, type ActionPorts, perform } from './perform';

export interface EnginePorts extends ActionPorts {
  readonly cases: CaseStore;
  readonly fleetLimit: FleetLimit;
  readonly refusals: Refusals;
  readonly detection: DetectionReset;
  readonly killSwitch: KillSwitchReader;
  readonly announcer: Announcer;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * The only writer of cases. Invariants: the plan is saved before the first call that changes anything; each outcome is
 * saved before the next step; the outbox is published after the state it tells of is saved, and cleared after that.
 * So a crash anywhere repeats at most one idempotent step when the command is delivered again, and loses none.
 */
export function createEngine(ports: EnginePorts, options: ActionOptions) {
  return async (command: Command, commandId: string, attempt: number): Promise<void> => {
    const { thingName } = command;
    const readSwitch: KillSwitchReader = async () => killSwitchFor(command, await ports.killSwitch());
    // At the same time, as most commands find the switch in the cache.
    const [found, killSwitch] = await Promise.all([ports.cases.load(thingName), readSwitch()]);
    let stored = found;
    // A new case would start with an empty outbox: first send what the closed one still owes.
    if (stored?.value.status === 'closed' && hasUnfinished(stored.value)) stored = await flush(stored, ports);
    // A command delivered again after it was saved is not decided again: a release would begin anew, say.
    const isTakenUp = stored?.value.lastCommandId === commandId;
    const decision: Decision = isTakenUp
      ? { outcome: 'unchanged', reason: 'taken up before' }
      : await decideWithFacts(stored?.value, command, commandId, attempt, ports, { ...options, killSwitch });
    if (!isTakenUp) await recordAnswer(command, decision, ports);
    if (decision.outcome === 'changed')
      stored = await save({ ...decision.next, lastCommandId: commandId }, stored?.version ?? 0, ports);
    else
      ports.log.info('command changes nothing', { thingName, type: command.type, reason: decision.reason });
    if (!stored) return;
    const before = stored.value;
    const isIdle = !hasUnfinished(before) && !nextStep(before, new Set());
    if (isTakenUp ? isIdle : decision.outcome === 'unchanged' && !hasUnfinished(before)) return;
    // A repeated alarm leaves nothing to do or tell, and must not put off what is due.
    if (command.type === 'violation' && isIdle) return;
    const performed = await performSteps(stored, ports, options, attempt, readSwitch);
    const changed = await findChanged(performed.value, ports, options.denyPolicyName);
    const settled = settle(performed.value, ports.clock(), await readSwitch(), changed);
    measureChange(before, settled, ports.metrics);
    await flush(await save(settled, performed.version, ports), ports);
  };
}

/** Tells an operator why a command was refused; before the case says so, so that a crash in between repeats both. */
async function recordAnswer(
  command: Command,
  decision: Decision,
  { refusals, clock }: EnginePorts,
): Promise<void> {
  if (!('actor' in command) || command.requestId === undefined) return;
  const { thingName, requestId } = command;
  const reason = decision.outcome === 'unchanged' ? decision.reason : decision.refusal;
  if (reason !== undefined) await refusals.record({ thingName, requestId, reason, now: clock() });
}

async function decideWithFacts(
  current: Case | undefined,
  command: Command,
  commandId: string,
  attempt: number,
  ports: EnginePorts,
  options: ActionOptions & { readonly killSwitch: KillSwitch },
): Promise<Decision> {
  const { thingName } = command;
  const { configuration } = options;
  const facts = needsFacts(current, command, options)
    ? await gatherFacts(
        thingName,
        ports,
        { ...options, pastContainments: current?.pastContainments?.length ?? 0 },
        isUrgent(current, command) ? Infinity : attempt,
      )
    : ({ kind: 'unavailable', reason: 'not needed' } as const);
  const newCaseId = createHash('sha256').update(`${thingName}#${commandId}`).digest('hex').slice(0, 24);
  const now = ports.clock();
  const { caseId = '' } = current ?? {};
  const windowMs = configuration.guards.fleetLimit.within;
  const endsInSilence = command.type === 'reject' && isOpen(current) && current.quiet === true;
  const context: Context = {
    ...options,
    thingName,
    facts,
    fleetLimitReached: false,
    fleetLimitTold:
      endsInSilence && !(await ports.fleetLimit.claimNotice({ caseId, now, windowMs, of: 'rejection' })),
    reporterHeldBy: await findHeldReporter(command, facts, ports.leases),
    newCaseId,
    now,
  };
  const decision = decide(current, command, context);
  const containsAnother =
    (command.type === 'violation' || command.type === 'resume') &&
    decision.outcome === 'changed' &&
    decision.next.status === 'containing' &&
    !(isOpen(current) && holdsThing(current));
  if (!containsAnother) return decision;
  const { guards } = configuration;
  const counted = guards.fleetLimit.percent === undefined ? undefined : await ports.fleetLimit.readSize();
  const limit = findFleetLimit(guards, counted?.things);
  if (await ports.fleetLimit.reserve({ thingName, now, limit, windowMs })) return decision;
  const fleetLimitTold = !(await ports.fleetLimit.claimNotice({
    caseId: decision.next.caseId,
    now,
    windowMs,
  }));
  return decide(current, command, { ...context, fleetLimitReached: true, fleetLimitTold });
}

/** The held things whose certificate an alert was reported with, where it is not the thing's own. */
async function findHeldReporter(command: Command, facts: Facts, leases: Leases): Promise<readonly string[]> {
  const reporter = command.type === 'violation' ? command.violation.reporter : undefined;
  if (!reporter || facts.kind !== 'known' || ownsCertificate(facts, reporter.principal)) return [];
  const found = await Promise.all([
    leases.load(deniedObject(reporter.principal)),
    leases.load(statusObject(reporter.principal)),
  ]);
  return [...new Set(found.flatMap((stored) => stored?.value.holders ?? []))];
}

/** What is planned and not done yet doesn't wait for a look at the thing: new certificates are seen the next time. */
function isUrgent(current: Case | undefined, { type }: Command): boolean {
  return type === 'resume' && (current?.status === 'containing' || current?.status === 'containment-failed');
}

/** How often an invocation cuts a device that came back in between; after that each connect has it cut again. */
const maxCuts = 3;

/**
 * Carries the plan out. What fails now and may not later is left for the next delivery, and holds up nothing else: the
 * session is cut though a policy can't be attached.
 */
async function performSteps(
  stored: Versioned<Case>,
  ports: EnginePorts,
  options: ActionOptions,
  attempt: number,
  readSwitch: KillSwitchReader,
): Promise<Versioned<Case>> {
  let { value: record, version } = stored;
  const done = new Set<ActionName>();
  const faults: unknown[] = [];
  let saved = true;
  let cuts = 0;
  // Anew before each step: it may be switched on in between.
  const next = async () => nextStep(record, done, (await readSwitch()).state !== 'off');
  for (let step = await next(); step; step = await next()) {
    // Before anything else changes outside, so that a crash repeats one step; what only looks can wait.
    if (!saved && step.kind !== 'verify') {
      ({ version } = await save(record, version, ports));
      saved = true;
    }
    const { action } = step.entry;
    const outcome = await perform(record, step, ports, options, attempt).catch((error: unknown) => {
      // What a release undoes depends on what was undone before.
      if (step.kind === 'revert') throw error;
      faults.push(error);
      return undefined;
    });
    if (!outcome) {
      done.add(action);
      continue;
    }
    record = recordOutcome(record, step, outcome, ports.clock());
    ports.log.info(`${action}: ${step.kind}`, { thingName: record.thingName, ...outcome });
    if (step.kind === 'apply' && outcome.result === 'refused')
      record = makeUpFor(record, options, ports.clock());
    if (isCut(step.entry) && step.kind === 'apply') cuts += 1;
    const cameBack = isCut(step.entry) && step.kind === 'verify' && outcome.result === 'unverified';
    if (cameBack && cuts < maxCuts) record = { ...record, ledger: replanCut(record.ledger) };
    else if (step.kind === 'verify' || outcome.result === 'conflict') done.add(action);
    if (step.kind !== 'verify') saved = false;
  }
  if (faults.length === 0) return { value: record, version };
  await save(record, version, ports);
  throw faults[0];
}

async function save(record: Case, previous: number, { cases }: EnginePorts): Promise<Versioned<Case>> {
  return { value: record, version: await cases.save(record, previous) };
}

/** Sends what the case owes, then clears it. Receivers know repeats by id. */
async function flush(
  { value: record, version }: Versioned<Case>,
  ports: EnginePorts,
): Promise<Versioned<Case>> {
  if (!owesNews(record)) return { value: record, version };
  const { falsePositives = [], ...outbox } = record.outbox;
  const { timeline, announcements } = outbox;
  const row =
    timeline.length > 0
      ? { timelineHead: await ports.cases.appendTimeline(record), timelineSeq: record.timelineSeq + 1 }
      : {};
  const killSwitch = await ports.killSwitch();
  for (const pending of announcements)
    await ports.announcer.publish(writeAnnouncement(record, pending, killSwitch));
  await inform(record, ports);
  for (const violationId of falsePositives) await label(violationId, ports);
  const sent: Case = { ...record, ...row, outbox: { ...outbox, announcements: [], timeline: [] } };
  if (sent.status === 'closed') {
    await ports.cases.archive(sent);
    // The detector tells an alarm once: whoever is still out of bounds must be told of again.
    await ports.detection.reset(sent.thingName, ports.clock(), findHoldEnd(sent));
  }
  return save(sent, version, ports);
}

/** When what held the thing began to be undone; undefined where nothing did. */
function findHoldEnd({ ledger }: Case): number | undefined {
  const undone = ledger.flatMap(({ revertedAt }) => revertedAt ?? []);
  return undone.length > 0 ? Math.min(...undone) : undefined;
}

/** Tells the device where it stands, retained so that it hears it whenever it connects. People were told before. */
async function inform(record: Case, { connections, log }: EnginePorts): Promise<void> {
  const notice = deviceNoticeFor(record, record.outbox.announcements);
  if (!notice) return;
  const { thingName } = record;
  try {
    await connections.publish(deviceNoticeTopic(thingName), JSON.stringify(notice), { retain: true });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn('the device was not told', { thingName, reason: error.message });
  }
}

/** Only a label: a violation that Device Defender no longer knows must not hold anything up. */
async function label(violationId: string, { defender, log }: EnginePorts): Promise<void> {
  try {
    await defender.markFalsePositive(violationId);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.warn('not marked as a false positive', { violationId, reason: error.message });
  }
}

function measureChange(before: Case, after: Case, metrics: Metrics): void {
  if (before.status === after.status) return;
  const { appliedMs, verifiedMs, decidedMs } = measure(after);
  if (after.status === 'contained') {
    metrics.count('Contained');
    if (appliedMs !== undefined) metrics.time('AlertToAppliedMs', appliedMs);
    if (verifiedMs !== undefined) metrics.time('AlertToVerifiedMs', verifiedMs);
    if (decidedMs !== undefined) metrics.time('DecisionToVerifiedMs', decidedMs);
  }
  if (after.status === 'containment-failed') metrics.count('ContainmentFailed');
  if (after.status === 'release-conflict') metrics.count('ReleaseConflict');
  if (after.status === 'closed') metrics.count('CaseClosed');
}
