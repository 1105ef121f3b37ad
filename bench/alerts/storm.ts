import type { Case } from '../../shared/domain/case/case';
import { type Latency, latencyHead, latencyRow, summarize, writeProblems, writeTable } from '../figures';
import { tableOf } from './cases';
import { findProblems, readOutcome, type Told } from './completeness';
import { readCpuTimes, subtractCpu } from './cpu';
import { createProgressLine } from './progress-line';
import { countMessages, listen, waitForQuiet } from './queues';
import type { Service } from './service';
import { appliedAt } from './steady';
import { type Alert, anAlert, enroll, publishAtOnce, publishSteadily } from './traffic';

export interface StormResult {
  readonly seed: number;
  readonly things: number;
  readonly alerts: number;
  readonly repeats: number;
  readonly seconds: number;
  readonly stormThings: Latency;
  readonly otherThings: Latency;
  readonly announcements: number;
  /** Published again under their id, by which receivers notice it. */
  readonly repeatedAnnouncements: number;
  readonly failedInvocations: number;
  /** Calls of functions, by outcome. */
  readonly calls: { readonly throttled: number; readonly failed: number; readonly all: number };
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** Distinct violations of each thing, and of how many one comes twice: 20 % of all alerts are repeats. */
export const behaviors = Array.from({ length: 8 }, (_, index) => `behavior-${index}`);
const everyRepeated = 4;

/** Things that have nothing to do with the storm: each raises one alert while it lasts. */
const otherThings = 60;
const otherAlertsPerSecond = 0.5;

interface Sent {
  readonly alerts: readonly Alert[];
  readonly stormAt: Map<string, number>;
  readonly othersAt: Map<string, number>;
  readonly told: Told[];
}

/** Sends more than can be handled at once, while calls of the functions fail, and waits until it is all handled. */
export async function runStorm(
  service: Service,
  { things, seed }: { readonly things: number; readonly seed: number },
  stream: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<StormResult> {
  const names = Array.from({ length: things }, (_, index) => `storm${index}`);
  const others = Array.from({ length: otherThings }, (_, index) => `other${index}`);
  stream.write(`${names.length + others.length} things get certificates\n`);
  await enroll(service, [...names, ...others], signal);
  const alerts = createStorm(names, seed);
  const sent: Sent = { alerts, stormAt: new Map(), othersAt: new Map(), told: [] };
  const listening = new AbortController();
  const { ended } = await listen(
    service,
    service.outputs.AnnouncementsTopicArn ?? '',
    (message) => void sent.told.push(JSON.parse(message)),
    listening.signal,
  );
  stream.write(
    `${alerts.length} alerts; of the functions' calls 10 % are throttled and 5 % fail; seed ${seed}\n`,
  );
  const functionNames = Object.keys(await service.pids()).filter((name) => name !== 'stack');
  await service.setFaults(createFaults(functionNames), seed);
  await service.resetCalls();
  const before = await readCpuTimes(service);
  const startedAt = performance.now();
  await sendAll(service, sent, others, stream, signal);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = subtractCpu(before, await readCpuTimes(service));
  const calls = await countCalls(service);
  await service.setFaults([]);
  listening.abort();
  await ended;
  stream.write('checking the table, the registry, the queues and what was told\n');
  return {
    ...(await judge(service, sent)),
    seed,
    things,
    repeats: alerts.length - things * behaviors.length,
    seconds,
    calls,
    cpuSeconds: Object.fromEntries([...cpu].map(([name, ms]) => [name, ms / 1_000])),
  };
}

/** The same storm for the same seed. */
export function createStorm(names: readonly string[], seed: number): Alert[] {
  const now = Date.now();
  const distinct = names.flatMap((name) => behaviors.map((behavior) => anAlert(name, behavior, now)));
  const repeats = distinct.filter((_, index) => index % everyRepeated === 0);
  return shuffle([...distinct, ...repeats], seed);
}

/** Fisher and Yates's shuffle, with Park and Miller's generator. */
function shuffle<T>(values: T[], seed: number): T[] {
  let state = (seed % 2_147_483_646) + 1;
  for (let last = values.length - 1; last > 0; last -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    [values[last], values[other]] = [values[other] as T, values[last] as T];
  }
  return values;
}

/** Throttles 10 % of the calls of each function (400 control plane, 429 data plane), and ends 5 % in a 5xx. */
export function createFaults(functionNames: readonly string[]) {
  return functionNames.flatMap((functionName) => [
    { functionName, probability: 0.1, kind: 'throttle' as const },
    { functionName, probability: 0.05, kind: 'error' as const },
  ]);
}

async function sendAll(
  service: Service,
  { alerts, stormAt, othersAt, told }: Sent,
  others: readonly string[],
  stream: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  const progress = createProgressLine(stream);
  const startedAt = performance.now();
  const show = (messages: Readonly<Record<string, number>>) => {
    const waiting = ['alerts', 'commands.fifo', 'notify'].map(
      (name) => `${name} ${messages[`cordon-dev-${name}`]}`,
    );
    const contained = told.filter(({ kind }) => kind === 'contained').length;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    progress.show(`${seconds} s: ${contained} things contained; in the queues: ${waiting.join(', ')}`);
  };
  const over = new AbortController();
  const untilOver = AbortSignal.any([signal, over.signal]);
  const otherAlerts = others.map((name) => anAlert(name, behaviors[0] ?? '', Date.now()));
  const sendOthers = publishSteadily(service, otherAlerts, otherAlertsPerSecond, othersAt, untilOver).catch(
    (error: unknown) => {
      if (!over.signal.aborted) throw error;
    },
  );
  try {
    await publishAtOnce(service, alerts, stormAt, signal);
    await waitForQuiet(service, signal, show);
  } finally {
    over.abort();
  }
  await sendOthers;
  // The last of the others may have been sent just before.
  await waitForQuiet(service, signal, show);
  progress.end();
}

async function countCalls(service: Service): Promise<StormResult['calls']> {
  const counts = (await service.calls()).filter(({ caller }) => caller !== 'operator');
  const sum = (choose: (status: number) => boolean) =>
    counts
      .flatMap(({ byStatus }) => Object.entries(byStatus))
      .reduce((total, [status, count]) => total + (choose(Number(status)) ? count : 0), 0);
  return {
    all: sum(() => true),
    throttled: sum((status) => status === 400 || status === 429),
    failed: sum((status) => status >= 500),
  };
}

async function judge(
  service: Service,
  { alerts, stormAt, othersAt, told }: Sent,
): Promise<Omit<StormResult, 'seed' | 'things' | 'repeats' | 'seconds' | 'calls' | 'cpuSeconds'>> {
  const found = await readOutcome(service.iot, tableOf(service), service.outputs.QuarantineGroup ?? '');
  const failedInvocations = service.failedInvocations();
  const messages = await countMessages(service);
  const outcome = { ...found, announcements: told, failedInvocations, messages };
  const expected = new Map([
    ...[...stormAt.keys()].map((name) => [name, behaviors] as const),
    ...[...othersAt.keys()].map((name) => [name, behaviors.slice(0, 1)] as const),
  ]);
  return {
    alerts: alerts.length,
    announcements: told.length,
    repeatedAnnouncements: told.length - new Set(told.map(({ id }) => id)).size,
    failedInvocations,
    stormThings: summarize(measure(found.cases, stormAt)),
    otherThings: summarize(measure(found.cases, othersAt)),
    problems: findProblems(expected, outcome),
  };
}

/** Milliseconds from the first alert of each thing to its last action. */
function measure(cases: readonly Case[], sentAt: ReadonlyMap<string, number>): number[] {
  return cases.flatMap((record) => {
    const at = sentAt.get(record.thingName);
    return at === undefined ? [] : [appliedAt(record) - at];
  });
}

export function writeStormResult(result: StormResult): string {
  const { alerts, repeats, things, seconds, calls, announcements, repeatedAnnouncements, problems } = result;
  return [
    `${alerts} alerts (${repeats} repeats) of ${things} things in ${seconds.toFixed(0)} s: ${(alerts / seconds).toFixed(0)} a second`,
    `${calls.all} calls of functions, of them ${calls.throttled} throttled or refused and ${calls.failed} failed`,
    `${result.failedInvocations} invocations killed or failed; ${announcements} announcements, ${repeatedAnnouncements} of them repeats under the same id`,
    '',
    writeTable(latencyHead, [
      latencyRow('first alert to the last action, storm', result.stormThings),
      latencyRow('the same, things beside the storm', result.otherThings),
    ]),
    '',
    writeTable(['CPU, seconds', ''], Object.entries(result.cpuSeconds)),
    '',
    writeProblems(
      problems,
      'complete: every violation recorded, every thing contained once and told once, no message left or dead',
    ),
  ].join('\n');
}
