import type { Case } from '../../shared/domain/case/case';
import { type Latency, latencyHead, latencyRow, summarize, writeTable } from '../figures';
import { loadCase } from './cases';
import type { AwsTimes, Flags } from './flags';
import { waitForQuiet } from './queues';
import type { Service } from './service';
import { appliedAt } from './steady';
import { anAlert, enroll, publishSteadily } from './traffic';

interface Call {
  readonly caller: string;
  readonly action: string;
  readonly at: number;
  readonly durationMs: number;
}

export interface AwsResult {
  readonly times: AwsTimes;
  /** The times by stage, from the publish of the alert. */
  readonly stages: Readonly<Record<string, Latency>>;
  /** Calls for one alert alone, after the publish, ms. */
  readonly path: readonly { readonly what: string; readonly fromMs: number; readonly tookMs: number }[];
  readonly problems: readonly string[];
}

const behavior = 'no-child-processes';

/** Alerts of many things, then one alone, while each call takes as long as on AWS. */
export async function measureLikeAws(
  service: Service,
  { things, rate, warmUp }: Flags,
  times: AwsTimes,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<AwsResult> {
  const warm = Array.from({ length: warmUp }, (_, index) => `warm${index}`);
  const names = Array.from({ length: things }, (_, index) => `bench${index}`);
  const alone = 'alone';
  say(`${warmUp + things + 1} things get certificates`);
  await enroll(service, [...warm, ...names, alone], signal);
  say(`warm-up: ${warmUp} things are contained`);
  await publishSteadily(service, alertsOf(warm), rate, new Map(), signal);
  await waitForQuiet(service, signal);
  await service.setFaults(latencies(times));
  say(`${things} alerts, ${Number.isFinite(rate) ? `${rate} a second` : 'as fast as the topic takes them'}`);
  const sentAt = new Map<string, number>();
  await publishSteadily(service, alertsOf(names), rate, sentAt, signal);
  await waitForQuiet(service, signal);
  const cases = await loadAll(service, names);
  say('one alert alone');
  await service.resetCalls();
  await publishSteadily(service, alertsOf([alone]), rate, sentAt, signal);
  await waitForQuiet(service, signal);
  const { calls } = await service.control<{ calls: readonly Call[] }>('GET', 'calls');
  await service.setFaults([]);
  const since = (at: number | undefined, { thingName }: Case) =>
    (at ?? Number.NaN) - (sentAt.get(thingName) ?? Number.NaN);
  return {
    times,
    stages: {
      'alert to the decision': summarize(cases.map((record) => since(record.openedAt, record))),
      'alert to the first action applied': summarize(
        cases.map((record) => since(firstApplied(record), record)),
      ),
      'alert to the last action applied': summarize(cases.map((record) => since(appliedAt(record), record))),
      'alert to the denial verified': summarize(cases.map((record) => since(record.containedAt, record))),
    },
    path: drawPath(calls, sentAt.get(alone) ?? 0),
    problems: cases
      .filter(({ status }) => status !== 'contained')
      .map(({ thingName, status }) => `${thingName} is ${status}`),
  };
}

const alertsOf = (names: readonly string[]) => names.map((name) => anAlert(name, behavior, Date.now()));

/** The latencies by the names that requests are signed for. The load itself is not slowed down: its rate is given. */
function latencies({ iotMs, dataMs, dynamodbMs, snsMs, sqsMs }: AwsTimes) {
  const slow = (functions: readonly string[], service: string, latencyMs: number, action?: string) =>
    functions.map((name) => ({
      ...{ functionName: `cordon-dev-${name}`, service, probability: 1, kind: 'latency' as const, latencyMs },
      ...(action && { action }),
    }));
  const all = ['intake', 'respond'];
  return [
    ...slow(all, 'iot', iotMs),
    ...slow(all, 'iotdata', dataMs),
    ...slow(all, 'iotdevicegateway', dataMs),
    ...slow(all, 'dynamodb', dynamodbMs),
    ...slow(all, 'sns', snsMs),
    ...slow(all, 'sqs', sqsMs, 'sqs:SendMessage'),
  ];
}

async function loadAll(service: Service, names: readonly string[]): Promise<Case[]> {
  const cases = await Promise.all(names.map((name) => loadCase(service, name)));
  return cases.map((record, index) => {
    if (!record) throw new Error(`${names[index]} has no case`);
    return record;
  });
}

function firstApplied({ ledger }: Case): number {
  return Math.min(...ledger.map((entry) => entry.appliedAt ?? Infinity));
}

function drawPath(calls: readonly Call[], sentAt: number): AwsResult['path'] {
  return calls
    .filter(({ caller }) => /-(intake|respond)$/.test(caller))
    .map(({ caller, action, at, durationMs }) => ({
      what: `${caller.replace(/^cordon-dev-/, '')} ${action}`,
      fromMs: at - sentAt,
      tookMs: durationMs,
    }))
    .toSorted((a, b) => a.fromMs - b.fromMs);
}

/** Milliseconds that one character of the drawing stands for. */
const perCharacter = 10;

export function writeAwsResult({ times, stages, path, problems }: AwsResult): string {
  const rows = path.map(({ what, fromMs, tookMs }) => [
    what,
    fromMs,
    tookMs,
    ` ${' '.repeat(Math.max(0, Math.round(fromMs / perCharacter)))}${'#'.repeat(Math.max(1, Math.round(tookMs / perCharacter)))}`,
  ]);
  return [
    `as on AWS: ${Object.entries(times)
      .map(([name, ms]) => `${name} ${ms}`)
      .join(', ')}`,
    '',
    writeTable(
      latencyHead,
      Object.entries(stages).map(([what, latency]) => latencyRow(what, latency)),
    ),
    '',
    `one alert alone: each # is ${perCharacter} ms`,
    ...alignPath(rows as [string, number, number, string][]),
    ...problems,
  ].join('\n');
}

function alignPath(rows: readonly [string, number, number, string][]): string[] {
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(
    ([what, from, took, bar]) =>
      `${what.padEnd(width)} ${String(Math.round(from)).padStart(5)} ${String(Math.round(took)).padStart(4)} ${bar}`,
  );
}
