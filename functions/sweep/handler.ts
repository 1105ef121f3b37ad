import pThrottle from 'p-throttle';
import { isOpen } from '../../shared/domain/case/case';
import { longestReverifyMs } from '../../shared/domain/case/timers';
import { boundTime } from '../../shared/domain/findings/alert';
import { behaviorKey, type Violation } from '../../shared/domain/findings/violation';
import { describeKillSwitch } from '../../shared/domain/guards/kill-switch';
import type {
  CaseStore,
  Clock,
  CommandQueue,
  FleetLimit,
  KillSwitchReader,
  Log,
  Metrics,
  Things,
} from '../../shared/ports';
import { countFleet } from './count-fleet';
import { type EmailPorts, findUnmailed } from './find-unmailed';
import { mendQuarantine, type Quarantine } from './mend-quarantine';

export interface SweepPorts {
  readonly cases: Pick<CaseStore, 'listDue' | 'listRetries' | 'listRoutine' | 'load'>;
  readonly fleetLimit: Pick<FleetLimit, 'readSize' | 'saveSize'>;
  readonly killSwitch: KillSwitchReader;
  readonly commands: CommandQueue;
  /** Commands that wait to be taken, about. */
  readonly countWaiting: () => Promise<number>;
  readonly quarantine: Quarantine;
  readonly email: Pick<EmailPorts, 'addresses' | 'mailed'>;
  /** Things in the quarantine group. */
  readonly listMembers: () => AsyncIterable<string>;
  /** Counts the fleet; nothing where no limit is a percentage. */
  readonly countThings?: Things['count'];
  /** What Device Defender says is in alarm; nothing where it isn't used. */
  readonly listActive: () => AsyncIterable<Violation>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * A command has its thing looked up. Of the calls for that, IoT Core takes the fewest of ListPrincipalThings, GetPolicy
 * and UpdateCertificate: ten a second for the whole account (docs/facts.md#quotas). Half of that is
 * the sweep's, so that after a wave of containments the next device need not wait for those that are held already.
 */
const commandsPerSecond = 5;
/** So many take 45 of the 60 seconds that the function has. What is left over is as due a minute later. */
export const maxCommands = 225;
/** What the comparison may take of them; what it found and left is found again. */
const maxLost = 125;
const maxDrift = 50;
/** Members and violations looked at in one run: beyond a fleet's limit by far, and within the function's time. */
const maxCompared = 1_000;
/** Drift and lost alerts are looked for every so many minutes. */
const compareEveryMinutes = 5;
/** When a run begins nothing new. */
const runMs = 48_000;

type Send = CommandQueue['send'];

/** The part of EventBridge's event that counts. */
interface ScheduledRun {
  readonly time?: string;
}

/** The minute a run was scheduled for: one that starts late must not pass over the comparison that was its turn. */
function readMinute({ time }: ScheduledRun, now: number): number {
  const scheduledAt = Date.parse(time ?? '');
  return Math.floor((Number.isNaN(scheduledAt) ? now : scheduledAt) / 60_000);
}

/** Sends every due case back to its mailbox, and what nobody told Cordon of. */
export function sweep(ports: SweepPorts) {
  const { commands, metrics, clock } = ports;
  const pace = pThrottle({ limit: commandsPerSecond, interval: 1_000, strict: true });
  const send = pace<Send>((command, id) => commands.send(command, id));
  return async (event: ScheduledRun = {}): Promise<void> => {
    const startedAt = clock();
    await tellKillSwitch(ports);
    const minute = readMinute(event, startedAt);
    // First of all, so that what is verified in this run meets it whole.
    const mended = await mendQuarantine(ports);
    const isMended = mended.some((one) => one.status === 'fulfilled' && one.value);
    const compares = minute % compareEveryMinutes === 0;
    const { lists, standing, urgent, later } = await listDue(isMended, ports);
    const resume = resumeIn({ minute, isMended, standing }, ports, send);
    // A fleet of held things takes long to compare, and must keep nothing that is urgent waiting.
    const first = compares ? urgent.slice(0, beforeCompared) : urgent;
    const resumed = await resume(first);
    const compared = compares
      ? await Promise.allSettled([findLostAlerts(ports, send), findDrift(minute, ports, send)])
      : [];
    const found = compared.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
    const left = [...urgent.slice(first.length), ...later];
    const rest = await resume(left.slice(0, maxCommands - first.length - found));
    const others = await Promise.allSettled([
      countFleet(ports, startedAt + runMs),
      findUnmailed({ ...ports, ...ports.email }),
    ]);
    metrics.count('SweepRun');
    const faults = [...mended, ...lists, ...resumed, ...compared, ...rest, ...others].flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (faults.length > 0) throw new AggregateError(faults, 'the sweep could not do all of its work');
  };
}

/** What alarms on the kill switch hear, each minute that it is not off. */
async function tellKillSwitch({ killSwitch, log, metrics }: SweepPorts): Promise<void> {
  const seen = await killSwitch();
  if (seen.state === 'off') return;
  if (seen.state === 'on') metrics.count('KillSwitchOn');
  else metrics.count('KillSwitchUnreadable');
  log.warn(describeKillSwitch(seen));
}

/**
 * What a run leaves for containments that were tried in vain, and for denials that stand, however much else is due, so that
 * none is never looked at again.
 */
const minRetries = 50;
const minRoutine = 25;
/** While so many commands wait, nothing that can wait is sent beyond that: what is urgent, and alerts, come behind it. */
const manyWaiting = 50;
/** What of the urgent goes before the comparison; all that is found then goes before the rest. */
const beforeCompared = 50;

/**
 * Work left half done and expiries, then containments to be tried again, then denials to be verified again. After a mending
 * each held thing is looked at, due or not.
 */
async function listDue(isMended: boolean, { cases, countWaiting, clock }: SweepPorts) {
  const by = clock() + (isMended ? longestReverifyMs : 0);
  // One that can't be read keeps nothing of the others waiting.
  const lists = await Promise.allSettled([
    cases.listDue(by, maxCommands),
    cases.listRetries(by, maxCommands),
    cases.listRoutine(by, maxCommands),
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
    urgent: urgent.slice(0, maxCommands - reserved.length),
    later: isBehind ? reserved : [...reserved, ...retries.slice(minRetries), ...routine.slice(minRoutine)],
  };
}

interface Run {
  readonly minute: number;
  readonly isMended: boolean;
  /** Things whose denial stands. */
  readonly standing: ReadonlySet<string>;
}

/** For so long SQS takes the same id once (SQS developer guide, "Exactly-once processing"). */
const onceInMinutes = 5;

function resumeIn({ minute, isMended, standing }: Run, { log, metrics }: SweepPorts, send: Send) {
  // A look that still waits in the queue is not sent again, which would keep what is urgent waiting behind it.
  const nameTurn = (thingName: string) =>
    standing.has(thingName) && !isMended ? minute - (minute % onceInMinutes) : minute;
  return async (things: readonly string[]): Promise<PromiseSettledResult<void>[]> => {
    const sent = await Promise.allSettled(
      things.map((thingName) =>
        send(
          { type: 'resume', thingName, ...(isMended && { early: true }) },
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

/** Things in the quarantine group that no case holds there. Returns how many it told of. */
async function findDrift(
  minute: number,
  { cases, listMembers, metrics }: SweepPorts,
  send: Send,
): Promise<number> {
  let found = 0;
  for await (const thingName of take(listMembers(), maxCompared)) {
    const stored = await cases.load(thingName);
    if (isOpen(stored?.value)) continue;
    await send({ type: 'drift', thingName }, `drift#${thingName}#${minute}`);
    metrics.count('DriftFound');
    found += 1;
    if (found >= maxDrift) break;
  }
  return found;
}

/** Active violations whose alert never arrived. Returns how many it told of. */
async function findLostAlerts(
  { cases, listActive, metrics, clock }: SweepPorts,
  send: Send,
): Promise<number> {
  let found = 0;
  for await (const listed of take(listActive(), maxCompared)) {
    const violation = boundTime(listed, clock());
    const { thingName, violationId } = listed;
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

async function* take<T>(items: AsyncIterable<T>, limit: number): AsyncIterable<T> {
  let count = 0;
  for await (const item of items) {
    if (count >= limit) return;
    count += 1;
    yield item;
  }
}
