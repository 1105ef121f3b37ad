import { setTimeout as delay } from 'node:timers/promises';
import { CreateTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import type { Case } from '../../shared/domain/case/case';
import { describeReason } from '../../shared/domain/messages/describe-reason';
import { type Latency, latencyHead, latencyRow, summarize, writeTable } from '../figures';
import { loadCase } from './cases';
import { readCpuTimes, subtractCpu } from './cpu';
import type { Flags } from './flags';
import { listen, waitForQuiet } from './queues';
import type { CallCount, Service } from './service';
import { anAlert, enroll, publishSteadily } from './traffic';

export interface SteadyResult {
  readonly things: number;
  readonly baseline: Latency;
  readonly applied: Latency;
  readonly verified: Latency;
  readonly ratioOfP50s: number;
  readonly casesPerSecond: number;
  readonly cpuMsPerCase: Readonly<Record<string, number>>;
  readonly callsPerCase: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const behavior = 'no-child-processes';
const baselineMessages = 200;

/** Each alert is of another thing, so each makes a case and contains. */
export async function measureSteadily(
  service: Service,
  { things, rate, warmUp }: Flags,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<SteadyResult> {
  const warm = Array.from({ length: warmUp }, (_, index) => `warm${index}`);
  const names = Array.from({ length: things }, (_, index) => `bench${index}`);
  say(`${warmUp + things} things get certificates`);
  await enroll(service, [...warm, ...names], signal);
  say(`warm-up: ${warmUp} things are contained`);
  await publishSteadily(service, alertsOf(warm), rate, new Map(), signal);
  await waitForQuiet(service, signal);
  say('baseline: from SNS to a queue');
  const baseline = await measureBaseline(service, rate, signal);
  say(`${things} alerts, ${Number.isFinite(rate) ? `${rate} a second` : 'as fast as the topic takes them'}`);
  await service.resetCalls();
  const before = await readCpuTimes(service);
  const startedAt = Date.now();
  const sentAt = new Map<string, number>();
  await publishSteadily(service, alertsOf(names), rate, sentAt, signal);
  await waitForQuiet(service, signal);
  const cpu = subtractCpu(before, await readCpuTimes(service));
  const calls = await service.calls();
  const cases = await loadCases(service, names);
  const applied = summarize(cases.map((record) => appliedAt(record) - (sentAt.get(record.thingName) ?? NaN)));
  const verified = summarize(
    cases.map(({ containedAt = NaN, thingName }) => containedAt - (sentAt.get(thingName) ?? NaN)),
  );
  const lastAt = Math.max(...cases.map(appliedAt));
  return {
    things,
    baseline,
    applied,
    verified,
    ratioOfP50s: applied.p50Ms / Math.max(1, baseline.p50Ms),
    casesPerSecond: things / ((lastAt - startedAt) / 1_000),
    cpuMsPerCase: Object.fromEntries([...cpu].map(([name, ms]) => [name, ms / things])),
    callsPerCase: countPerCase(calls, things),
    problems: cases
      .filter(({ status }) => status !== 'contained')
      .map(
        ({ thingName, status, reason }) =>
          `${thingName} is ${status}: ${reason ? describeReason(reason) : 'no reason'}`,
      ),
  };
}

const alertsOf = (names: readonly string[]) => names.map((name) => anAlert(name, behavior, Date.now()));

/** Measures what no response can beat: how long a message takes from SNS to a queue, in the same run. */
async function measureBaseline(service: Service, rate: number, signal: AbortSignal): Promise<Latency> {
  const { TopicArn = '' } = await service.sns.send(new CreateTopicCommand({ Name: 'bench-baseline' }));
  const stop = new AbortController();
  const tookMs: number[] = [];
  const take = (message: string) => void tookMs.push(Date.now() - Number(message));
  const { ended } = await listen(service, TopicArn, take, stop.signal);
  const gapMs = Number.isFinite(rate) ? 1_000 / rate : 0;
  for (let index = 0; index < baselineMessages; index += 1) {
    await service.sns.send(new PublishCommand({ TopicArn, Message: String(Date.now()) }));
    await delay(gapMs, undefined, { signal });
  }
  await waitForQuiet(service, signal);
  stop.abort();
  await ended;
  return summarize(tookMs);
}

async function loadCases(service: Service, names: readonly string[]): Promise<Case[]> {
  return Promise.all(
    names.map(async (name) => {
      const record = await loadCase(service, name);
      if (!record) throw new Error(`${name} has no case`);
      return record;
    }),
  );
}

/** When the last of its actions was applied. */
export function appliedAt({ ledger }: Case): number {
  return Math.max(...ledger.map((entry) => entry.appliedAt ?? Number.NaN));
}

function countPerCase(calls: readonly CallCount[], things: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { caller, action, count } of calls)
    if (caller !== 'operator') counts[`${caller.replace(/^cordon-dev-/, '')} ${action}`] = count / things;
  return counts;
}

export function writeSteadyResult(result: SteadyResult): string {
  const total = Object.entries(result.cpuMsPerCase)
    .filter(([name]) => !name.startsWith('load'))
    .reduce((sum, [, ms]) => sum + ms, 0);
  const byCost = Object.entries(result.cpuMsPerCase).toSorted(([, a], [, b]) => b - a);
  const byCaller = Object.entries(result.callsPerCase).toSorted(([a], [b]) => a.localeCompare(b));
  return [
    writeTable(latencyHead, [
      latencyRow('baseline: SNS to a queue', result.baseline),
      latencyRow('alert to the last action applied', result.applied),
      latencyRow('alert to the denial verified', result.verified),
    ]),
    `p50 applied / p50 baseline: ${result.ratioOfP50s.toFixed(1)}; ${result.casesPerSecond.toFixed(1)} cases a second`,
    '',
    writeTable(['CPU, ms per case', ''], [...byCost.filter(([, ms]) => ms > 0), ['all but the load', total]]),
    '',
    writeTable(['AWS calls per case', ''], byCaller),
    ...result.problems,
  ].join('\n');
}
