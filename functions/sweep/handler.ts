import pThrottle from 'p-throttle';
import { isOpen } from '../../shared/domain/case/case';
import { longestReverifyMs, mostResumedAMinute } from '../../shared/domain/case/timers';
import { boundTime } from '../../shared/domain/findings/alert';
import { writeHeartbeat } from '../../shared/domain/findings/heartbeat';
import { behaviorKey, type Violation } from '../../shared/domain/findings/violation';
import { describeKillSwitch } from '../../shared/domain/messages/describe-kill-switch';
import { isThingName, type ThingKey, thingKey } from '../../shared/domain/thing-ref';
import type { AlertTopic, CommandQueue, KillSwitchReader, Things } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { CaseStore, FleetLimit } from '../../shared/ports/storage';
import { countFleet } from './count-fleet';
import { type EmailPorts, findUnmailed } from './find-unmailed';
import { type DigestPorts, publishDigest } from './publish-digest';
import { publishStorms, type StormPorts } from './publish-storms';
import { type Quarantine, repairQuarantine } from './repair-quarantine';
import { takeTurns } from './take-turns';

export interface SweepPorts {
  readonly cases: Pick<CaseStore, 'listDue' | 'listRetries' | 'listRoutine' | 'load'>;
  readonly fleetLimit: Pick<FleetLimit, 'readSize' | 'saveSize'>;
  readonly killSwitch: KillSwitchReader;
  readonly commands: CommandQueue;
  /** Approximate number of waiting commands. */
  readonly countWaiting: () => Promise<number>;
  readonly quarantine: Quarantine;
  readonly email: Pick<EmailPorts, 'addresses' | 'mailed'>;
  readonly digest: Omit<DigestPorts, 'clock' | 'log'>;
  /** What storms need beside the ports of the digest. */
  readonly storms: Pick<StormPorts, 'limit' | 'storms'>;
  /** Things in the quarantine group. */
  readonly listMembers: () => AsyncIterable<string>;
  readonly alerts: AlertTopic;
  /** Counts the fleet; undefined if no limit is a percentage. */
  readonly countThings?: Things['count'];
  /** The violations that Device Defender has in alarm; undefined if it isn't used. */
  readonly listActive: () => AsyncIterable<Violation>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Each command looks up its thing. The tightest quotas for this are those of ListPrincipalThings, GetPolicy and
 * UpdateCertificate: ten a second for the account (docs/facts.md#quotas). The sweep uses half of that, so that after a wave
 * of containments the next device does not wait for those that are already contained.
 */
const commandsPerSecond = 5;
/** The most commands of one comparison; the next run finds the rest. */
const maxLost = 125;
const maxDrift = 50;
/** How often the sweep looks for drift and lost alerts. */
const compareEveryMinutes = 5;
/** After this time, a run starts nothing new. */
const runMs = 48_000;

type Send = CommandQueue['send'];

/** The used part of EventBridge's event. */
interface ScheduledRun {
  readonly time?: string;
}

/** The scheduled minute: a run that starts late must not skip its comparison. */
function readMinute({ time }: ScheduledRun, now: number): number {
  const scheduledAt = Date.parse(time ?? '');
  return Math.floor((Number.isNaN(scheduledAt) ? now : scheduledAt) / 60_000);
}

/** Sends the heartbeat, and a command for every due case, for drift and for lost alerts. */
export function sweep(ports: SweepPorts) {
  const { commands, metrics, clock } = ports;
  const pace = pThrottle({ limit: commandsPerSecond, interval: 1_000, strict: true });
  const send = pace<Send>((command, id) => commands.send(command, id));
  const lostAlerts = { ...ports, listActive: takeTurns(ports.listActive) };
  const drift = { ...ports, listMembers: takeTurns(ports.listMembers) };
  return async (event: ScheduledRun = {}): Promise<void> => {
    const startedAt = clock();
    // At once, and beside the rest: neither waits for the other.
    const beating = Promise.allSettled([ports.alerts.publish(writeHeartbeat(startedAt))]);
    await countKillSwitch(ports);
    const minute = readMinute(event, startedAt);
    // First, so that verifications in this run find the quarantine complete.
    const repaired = await repairQuarantine(ports);
    const isRepaired = repaired.some((one) => one.status === 'fulfilled' && one.value);
    const compares = minute % compareEveryMinutes === 0;
    const { lists, standing, urgent, later } = await listDue(isRepaired, ports);
    const resume = resumeIn({ minute, isRepaired, standing }, ports, send);
    // Comparing a fleet of contained things takes long, and must not delay urgent cases.
    const first = compares ? urgent.slice(0, beforeCompared) : urgent;
    const resumed = await resume(first);
    const compared = compares
      ? await Promise.allSettled([findLostAlerts(lostAlerts, send), findDrift(minute, drift, send)])
      : [];
    const found = compared.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
    const left = [...urgent.slice(first.length), ...later];
    const rest = await resume(left.slice(0, mostResumedAMinute - first.length - found));
    const others = await Promise.allSettled([
      countFleet(ports, startedAt + runMs),
      findUnmailed({ ...ports, ...ports.email }),
      publishDigest({ ...ports, ...ports.digest }),
      publishStorms({ ...ports, ...ports.digest, ...ports.storms }),
    ]);
    metrics.count('SweepRun');
    const beat = await beating;
    const faults = [...beat, ...repaired, ...lists, ...resumed, ...compared, ...rest, ...others].flatMap(
      (result) => (result.status === 'rejected' ? [result.reason] : []),
    );
    if (faults.length > 0) throw new AggregateError(faults, 'parts of the sweep failed');
  };
}

/** Counts the metrics of the kill-switch alarms, each minute that the switch is not off. */
async function countKillSwitch({ killSwitch, log, metrics }: SweepPorts): Promise<void> {
  const seen = await killSwitch();
  if (seen.state === 'off') return;
  if (seen.state === 'on') metrics.count('KillSwitchOn');
  else metrics.count('KillSwitchUnreadable');
  log.warn(describeKillSwitch(seen));
}

/**
 * The number of failed containments and standing denials that each run handles even if much else is due, so that none
 * of them waits for ever.
 */
const minRetries = 50;
const minRoutine = 25;
/** While more commands than this wait, the sweep sends little that can wait, because urgent cases and alerts queue behind it. */
const manyWaiting = 50;
/** Urgent cases that are sent before the comparison. What the comparison finds goes before the rest. */
const beforeCompared = 50;

/**
 * Incomplete work and expiries, then failed containments, then denials to verify again. After a repair of the quarantine,
 * every contained thing is checked, due or not.
 */
async function listDue(isRepaired: boolean, { cases, countWaiting, clock }: SweepPorts) {
  const by = clock() + (isRepaired ? longestReverifyMs : 0);
  // A list that can't be read does not delay the others.
  const lists = await Promise.allSettled([
    cases.listDue(by, mostResumedAMinute),
    cases.listRetries(by, mostResumedAMinute),
    cases.listRoutine(by, mostResumedAMinute),
  ]);
  const [urgent = [], retries = [], routine = []] = lists.map((list) =>
    list.status === 'fulfilled' ? list.value : [],
  );
  const reserved = [...retries.slice(0, minRetries), ...routine.slice(0, minRoutine)];
  const [waiting] = await Promise.allSettled([countWaiting()]);
  const isBehind = waiting.status === 'fulfilled' && waiting.value >= manyWaiting;
  return {
    lists: [...lists, waiting],
    standing: new Set(routine),
    urgent: urgent.slice(0, mostResumedAMinute - reserved.length),
    later: isBehind ? reserved : [...reserved, ...retries.slice(minRetries), ...routine.slice(minRoutine)],
  };
}

interface Run {
  readonly minute: number;
  readonly isRepaired: boolean;
  /** Things whose denial is verified. */
  readonly standing: ReadonlySet<string>;
}

/** SQS deduplicates an id for this time (SQS developer guide, "Exactly-once processing"). */
const onceInMinutes = 5;

function resumeIn({ minute, isRepaired, standing }: Run, { log, metrics }: SweepPorts, send: Send) {
  // A verification that still waits in the queue is not sent again, so urgent cases do not queue behind it.
  const nameTurn = (thingName: string) =>
    standing.has(thingName) && !isRepaired ? minute - (minute % onceInMinutes) : minute;
  return async (things: readonly ThingKey[]): Promise<PromiseSettledResult<void>[]> => {
    const sent = await Promise.allSettled(
      things.map((thingName) =>
        send(
          { type: 'resume', thingName, ...(isRepaired && { early: true }) },
          `resume#${thingName}#${nameTurn(thingName)}`,
        ),
      ),
    );
    const failed = sent.filter(({ status }) => status === 'rejected').length;
    metrics.count('CaseResumed', sent.length - failed);
    log.info('swept', { due: things.length, failed });
    return sent;
  };
}

/** Sends a command for each thing in the quarantine group without a case that put it there. Returns their number. */
async function findDrift(
  minute: number,
  { cases, listMembers, metrics }: SweepPorts,
  send: Send,
): Promise<number> {
  let found = 0;
  for await (const name of listMembers()) {
    if (!isThingName(name)) continue;
    const thingName = thingKey(name);
    const stored = await cases.load(thingName);
    if (isOpen(stored?.value)) continue;
    await send({ type: 'drift', thingName }, `drift#${thingName}#${minute}`);
    metrics.count('DriftFound');
    found += 1;
    if (found >= maxDrift) break;
  }
  return found;
}

/** Sends a command for each active violation whose alert never arrived. Returns their number. */
async function findLostAlerts(
  { cases, listActive, metrics, clock }: SweepPorts,
  send: Send,
): Promise<number> {
  let found = 0;
  for await (const listed of listActive()) {
    const violation = boundTime(listed, clock());
    const { violationId } = listed;
    // AWS takes any client id for a device that is not registered.
    if (!isThingName(listed.thingName)) continue;
    const thingName = thingKey(listed.thingName);
    const known = (await cases.load(thingName))?.value.violations[behaviorKey(violation)];
    const isKnown = known?.violationId === violationId && known.lastEventType === 'in-alarm';
    if (known && (known.lastEventAt >= violation.occurredAt || isKnown)) continue;
    await send({ type: 'violation', thingName, violation }, `active#${violationId}#${listed.occurredAt}`);
    metrics.count('LostAlertFound');
    found += 1;
    if (found >= maxLost) break;
  }
  return found;
}
