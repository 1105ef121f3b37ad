import { holdsThing, isOpen } from '../../shared/domain/case';
import { behaviorKey, type Violation } from '../../shared/domain/violation';
import type { CaseStore, Clock, CommandQueue, Log, Metrics } from '../../shared/ports';

export interface SweepPorts {
  readonly cases: Pick<CaseStore, 'listDue' | 'load' | 'readFleetSize' | 'saveFleetSize'>;
  readonly commands: CommandQueue;
  /** Things in the quarantine group. */
  readonly listMembers: () => AsyncIterable<string>;
  /** Counts the fleet; nothing where no limit is a percentage. */
  readonly countThings?: () => Promise<number>;
  /** What Device Defender says is in alarm; nothing where it isn't used. */
  readonly listActive: () => AsyncIterable<Violation>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Cases taken up in one run. More wait a minute; IoT's quotas, not the sweep, bound the pace. */
const maxPerRun = 500;
/** Members and violations looked at in one run: beyond a fleet's limit by far, and within the function's time. */
const maxCompared = 1_000;
/** Drift and lost alerts are looked for every so many minutes. */
const compareEveryMinutes = 5;
const recountMs = 3_600_000;

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
  return async (event: ScheduledRun = {}): Promise<void> => {
    const minute = readMinute(event, ports.clock());
    const faults = [...(await resumeDue(minute, ports))];
    if (minute % compareEveryMinutes === 0) {
      const compared = await Promise.allSettled([
        findDrift(minute, ports),
        findLostAlerts(ports),
        countFleet(ports),
      ]);
      faults.push(...compared.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
    }
    ports.metrics.count('SweepRun');
    if (faults.length > 0) throw new AggregateError(faults, 'some cases were not resumed');
  };
}

/** Work left half done, denials to verify again, expiries. Returns what could not be sent. */
async function resumeDue(
  minute: number,
  { cases, commands, log, metrics, clock }: SweepPorts,
): Promise<unknown[]> {
  const due = await cases.listDue(clock(), maxPerRun);
  const sent = await Promise.allSettled(
    due.map((thingName) => commands.send({ type: 'resume', thingName }, `resume#${thingName}#${minute}`)),
  );
  const faults = sent.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  metrics.count('CaseResumed', sent.length - faults.length);
  log.info('swept', { due: due.length, failed: faults.length });
  return faults;
}

/** Things in the quarantine group that no case holds there. */
async function findDrift(
  minute: number,
  { cases, commands, listMembers, metrics }: SweepPorts,
): Promise<void> {
  for await (const thingName of take(listMembers(), maxCompared)) {
    const stored = await cases.load(thingName);
    if (isOpen(stored?.value) && (holdsThing(stored.value) || stored.value.status === 'observed')) continue;
    await commands.send({ type: 'drift', thingName }, `drift#${thingName}#${minute}`);
    metrics.count('DriftFound');
  }
}

/** Active violations whose alert never arrived. */
async function findLostAlerts({ cases, commands, listActive, metrics }: SweepPorts): Promise<void> {
  for await (const violation of take(listActive(), maxCompared)) {
    const { thingName, violationId, occurredAt } = violation;
    const known = (await cases.load(thingName))?.value.violations[behaviorKey(violation)];
    if (known && known.lastEventAt >= occurredAt) continue;
    await commands.send({ type: 'violation', thingName, violation }, `active#${violationId}#${occurredAt}`);
    metrics.count('LostAlertFound');
  }
}

/** Once an hour: a fleet grows slowly, and a large one takes minutes of quota to count. */
async function countFleet({ cases, countThings, clock }: SweepPorts): Promise<void> {
  if (!countThings) return;
  const known = await cases.readFleetSize();
  if (known && clock() - known.countedAt < recountMs) return;
  await cases.saveFleetSize({ things: await countThings(), countedAt: clock() });
}

async function* take<T>(items: AsyncIterable<T>, limit: number): AsyncIterable<T> {
  let count = 0;
  for await (const item of items) {
    if (count >= limit) return;
    count += 1;
    yield item;
  }
}
