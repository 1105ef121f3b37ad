import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { percentile, writeTable } from '../figures';
import { loadCase } from './cases';
import { readCpuTimes, subtractCpu } from './cpu';
import { aReport, connectDevice, type FlooderOrder, type FloodKind, floods, reportsOf } from './device';
import { waitForQuiet } from './queues';
import type { Service } from './service';
import { appliedAt } from './steady';
import { type DeviceFiles, enroll } from './traffic';

/** Stages of one containment, each in ms since the one before. */
interface Stages {
  /** The broker has the report. */
  readonly received: number;
  /** The detector has alerted, and there is a case. */
  readonly opened: number;
  readonly applied: number;
  /** The denial is verified. */
  readonly verified: number;
  readonly total: number;
}

interface FloodFigures {
  readonly messages: number;
  readonly quiet: readonly Stages[];
  readonly flooded: readonly Stages[];
  /** The longest of those while it floods, beyond the median of those before. */
  readonly delayMs: number;
  /** The load of the machine in the last minute. */
  readonly load: number;
  readonly cpuMs: Readonly<Record<string, number>>;
}

export interface FloodResult {
  readonly barMs: number;
  readonly floods: Readonly<Partial<Record<FloodKind, FloodFigures>>>;
  readonly problems: readonly string[];
}

/** Another thing's containment is delayed by no more, by anything that one device sends. */
const barMs = 1_000;
/** When other things report a child, since the flood began. */
const reportsAtMs = [100, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000];
const warmUp = 40;

/** Other things report a child before a device floods, and while it does: how much longer until they are contained. */
export async function measureFlood(
  service: Service,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<FloodResult> {
  const kinds = Object.keys(floods) as FloodKind[];
  const namesOf = (kind: FloodKind, phase: string) =>
    reportsAtMs.map((at) => `${phase}${kinds.indexOf(kind)}at${at}`);
  const flooderOf = (kind: FloodKind) => `flooder${kinds.indexOf(kind)}`;
  const warm = Array.from({ length: warmUp }, (_, index) => `warm${index}`);
  const names = kinds.flatMap((kind) => [
    ...namesOf(kind, 'quiet'),
    ...namesOf(kind, 'flooded'),
    flooderOf(kind),
  ]);
  say(`${names.length + warmUp} things get certificates; ${warmUp} are contained to warm up`);
  const bench = { service, signal, files: await enroll(service, [...names, ...warm], signal) };
  await contain(bench, warm, { reportAt: (index) => index * 100 });
  const figures: Partial<Record<FloodKind, FloodFigures>> = {};
  const problems: string[] = [];
  for (const kind of kinds) {
    say(`${kind}: ${floods[kind]} messages of one device within two seconds`);
    const quiet = await contain(bench, namesOf(kind, 'quiet'));
    const flooder = await startFlooder(bench, kind, flooderOf(kind));
    const before = await readCpuTimes(service);
    const flooded = await contain(bench, namesOf(kind, 'flooded'), { begin: () => flooder.send('go') });
    const cpuMs = Object.fromEntries(subtractCpu(before, await readCpuTimes(service)));
    flooder.disconnect();
    const totals = (stages: readonly Stages[]) => stages.map(({ total }) => total);
    const delayMs = percentile(totals(flooded), 1) - percentile(totals(quiet), 0.5);
    figures[kind] = { messages: floods[kind], quiet, flooded, delayMs, load: loadavg()[0] ?? 0, cpuMs };
    if (!(delayMs <= barMs))
      problems.push(`${kind}: another thing was contained ${delayMs} ms later than without`);
  }
  return { barMs, floods: figures, problems };
}

interface Bench {
  readonly service: Service;
  readonly files: ReadonlyMap<string, DeviceFiles>;
  readonly signal: AbortSignal;
}

/** Each of the things reports a child when its time has come; waits until everything is through. */
async function contain(
  { service, files, signal }: Bench,
  names: readonly string[],
  {
    reportAt = (index) => reportsAtMs[index] ?? 0,
    begin,
  }: { readonly reportAt?: (index: number) => number; readonly begin?: () => unknown } = {},
): Promise<Stages[]> {
  // All of them are connected already, as devices are.
  const clients: (readonly [string, MqttClient])[] = [];
  for (const name of names) {
    const client = await connectDevice(service.mqtt, name, files.get(name));
    client.on('error', () => undefined);
    clients.push([name, client]);
  }
  begin?.();
  const startedAt = Date.now();
  const sentAt = new Map<string, number>();
  for (const [index, [name, client]] of clients.entries()) {
    await delay(Math.max(0, startedAt + reportAt(index) - Date.now()), undefined, { signal });
    sentAt.set(name, Date.now());
    // The containment may cut the session before the acknowledgement.
    client.publishAsync(reportsOf(name), aReport(1), { qos: 1 }).catch(() => undefined);
  }
  await waitUntilThrough(service, signal);
  for (const [, client] of clients) client.end(true);
  return Promise.all(names.map((name) => readStages(service, name, sentAt.get(name) ?? Number.NaN)));
}

async function readStages(service: Service, name: string, sentAt: number): Promise<Stages> {
  const record = await loadCase(service, name);
  if (record?.containedAt === undefined)
    throw new Error(
      `${name} is not contained: ${record?.reason ? describeReason(record.reason) : 'it has no case'}`,
    );
  // The detector alerts with the time at which the broker had the report.
  const [receivedAt = Number.NaN] = Object.values(record.violations).map(({ alarmAt }) => alarmAt);
  const { openedAt, containedAt } = record;
  return {
    received: receivedAt - sentAt,
    opened: openedAt - receivedAt,
    applied: appliedAt(record) - openedAt,
    verified: containedAt - appliedAt(record),
    total: containedAt - sentAt,
  };
}

/** The rules may hold messages that are in no queue yet. */
async function waitUntilThrough(service: Service, signal: AbortSignal): Promise<void> {
  for (let before = -1; ; ) {
    await waitForQuiet(service, signal);
    const sent = (await service.calls())
      .filter(({ caller, action }) => caller.startsWith('rule ') && action === 'sqs:SendMessage')
      .reduce((sum, { count }) => sum + count, 0);
    if (sent === before) return;
    before = sent;
  }
}

async function startFlooder({ service, files }: Bench, kind: FloodKind, name: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'flooder.ts'));
  const { cert = '', key = '' } = files.get(name) ?? {};
  child.send({ kind, thingName: name, cert, key, ...service.mqtt } satisfies FlooderOrder);
  await once(child, 'message');
  return child;
}

const stageNames = ['received', 'opened', 'applied', 'verified', 'total'] as const;

export function writeFloodResult({ floods: figures, problems }: FloodResult): string {
  const rows = Object.entries(figures).flatMap(([kind, { quiet, flooded, delayMs, load, cpuMs }]) => [
    [`${kind} (load ${load.toFixed(1)}, CPU of the stack ${cpuMs.stack ?? 0} ms)`, '', '', ''],
    ...stageNames.map((stage) => [
      `  ${stage}`,
      percentile(
        quiet.map((one) => one[stage]),
        0.5,
      ),
      percentile(
        flooded.map((one) => one[stage]),
        0.5,
      ),
      percentile(
        flooded.map((one) => one[stage]),
        1,
      ),
    ]),
    ['  longest beyond the quiet median', '', '', delayMs],
  ]);
  return [
    writeTable(["another thing's containment, ms", 'quiet p50', 'flooded p50', 'flooded max'], rows),
    '',
    ...(problems.length === 0 ? [`nobody was delayed by more than ${barMs} ms`] : problems),
  ].join('\n');
}
