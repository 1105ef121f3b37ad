import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CountingBroker } from './broker';
import { type App, countSeen, note, startApp, type Watched } from './children';
import type { AgentFlags } from './flags';
import { countProcesses, fillProcesses, type Load, openConnections } from './load';
import { type AgentResult, type ChildResult, findProblems, type LoadResult } from './result';
import { asUnit, type Subject, startSubject, UnexpectedEndError } from './subject';

interface Bench {
  readonly flags: AgentFlags;
  readonly folder: string;
  /** Cordon's agent as one file. */
  readonly bundle: string;
  readonly broker: CountingBroker;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  readonly onUnexpectedEnd: (reason: string) => void;
}

const appName = 'cordonbenchapp';
/** Not running, and so without a change to report. */
const idleName = 'cordonbenchidle';
const watchedApps = 10;
const livesMs = [5, 50, 200, 2000];
/** The agent's default. */
const samplesASecond = 10;
/** Until just-in-time compilation and the first reports are over. */
const warmUpMs = 8000;
const ourPatienceMs = 3000;
const pollMs = 50;
const secondsADay = 86_400;

/** Measures CPU, memory, found children and idle traffic of Cordon's agent, and of the other one in the same minutes. */
export async function measureAgents(given: Omit<Bench, 'onUnexpectedEnd'>): Promise<AgentResult> {
  const failure = new AbortController();
  const signal = AbortSignal.any([given.signal, failure.signal]);
  try {
    return await measureAll({
      ...given,
      signal,
      onUnexpectedEnd: (reason) => failure.abort(new UnexpectedEndError(reason)),
    });
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
}

async function measureAll(bench: Bench): Promise<AgentResult> {
  const { flags, say, folder } = bench;
  const idle = await startOurs(bench, 'idle', [idleName], secondsADay);
  const app = await startApp(folder, appName);
  try {
    const idleSince = { at: performance.now(), bytes: bytesOf(bench, 'idle') };
    const loads: LoadResult[] = [];
    for (const [load, start] of loadsToTry(bench.signal)) {
      say(`${load}: ${flags.seconds} s`);
      const held = await start();
      try {
        loads.push(await measureLoad(bench, load));
      } finally {
        await held.close();
      }
    }
    const children = await measureChildren(bench, app);
    const seconds = (performance.now() - idleSince.at) / 1000;
    const bytes = bytesOf(bench, 'idle') - idleSince.bytes;
    const bytesADay = Math.round((bytes / seconds) * secondsADay);
    const result = { node: flags.node, loads, children, idle: { seconds, bytes, bytesADay } };
    return { ...result, problems: findProblems(result) };
  } finally {
    await app.close();
    await idle.stop();
  }
}

function loadsToTry(signal: AbortSignal): readonly (readonly [string, () => Promise<Load>])[] {
  return [
    ['100 processes', () => fillProcesses(100, signal)],
    ['2,000 processes', () => fillProcesses(2000, signal)],
    ['2,000 connections', () => openConnections(2000)],
  ];
}

/** Cordon's agent as its unit runs it; `every` is the interval of reports in seconds. */
async function startOurs(
  { flags, folder, bundle, broker, signal, onUnexpectedEnd }: Bench,
  clientId: string,
  apps: readonly string[],
  every: number,
): Promise<Subject> {
  const { host, port, ca, cert, key } = broker.access;
  let isReported = false;
  const subject = startSubject(
    [
      flags.node,
      ...asUnit.flags,
      bundle,
      ...['-e', `${host}:${port}`, '-r', ca, '-c', cert, '-k', key, '-id', clientId, '-i', String(every)],
      ...['--state-dir', join(folder, clientId), ...apps.flatMap((name) => ['--children-of', name])],
    ],
    (line) => {
      if (line.includes('"event":"reported"')) isReported = true;
    },
    onUnexpectedEnd,
    asUnit.env,
  );
  while (!isReported) await delay(pollMs, undefined, { signal });
  return subject;
}

function startOther(
  { flags, broker, onUnexpectedEnd }: Bench,
  onLine: (line: string) => void,
): Subject | undefined {
  if (flags.other === undefined) return undefined;
  const command = flags.other.replace(
    /\{(host|port|ca|cert|key|app)\}/g,
    (_match, name: keyof CountingBroker['access'] | 'app') =>
      name === 'app' ? appName : String(broker.access[name]),
  );
  return startSubject(['sh', '-c', `exec ${command}`], onLine, onUnexpectedEnd);
}

function bytesOf({ broker }: Bench, clientId: string): number {
  const bytes = broker.bytesOf(clientId);
  if (bytes === undefined) throw new Error(`${clientId} is not connected`);
  return bytes;
}

/**
 * One of Cordon's agents samples only, one also collects all each second: the difference is what a collection costs,
 * with its report, its delivery and its log. They and the other agent run side by side.
 */
async function measureLoad(bench: Bench, load: string): Promise<LoadResult> {
  const { flags, signal } = bench;
  const subjects = {
    sampling: await startOurs(bench, 'sampling', [appName], secondsADay),
    collecting: await startOurs(bench, 'collecting', [appName], 1),
    other: startOther(bench, () => undefined),
  };
  try {
    const processes = countProcesses();
    await delay(warmUpMs, undefined, { signal });
    const spent = await spend(subjects, flags.seconds, signal);
    const { sampling, collecting, other } = spent;
    return {
      load,
      processes,
      ours: {
        sampleMs: sampling.cpuMs / (spent.seconds * samplesASecond),
        collectionMs: (collecting.cpuMs - sampling.cpuMs) / spent.seconds,
        residentMb: sampling.residentMb,
        collectingMb: collecting.residentMb,
      },
      ...(other && {
        other: {
          collectionMs: (other.cpuMs * flags.otherEvery) / spent.seconds,
          residentMb: other.residentMb,
        },
      }),
    };
  } finally {
    for (const subject of Object.values(subjects)) await subject?.stop();
  }
}

interface Spent {
  readonly cpuMs: number;
  readonly residentMb: number;
}

async function spend<Name extends string>(
  subjects: Readonly<Record<Name, Subject | undefined>>,
  seconds: number,
  signal: AbortSignal,
): Promise<Record<Name, Spent> & { seconds: number }> {
  const entries = Object.entries<Subject | undefined>(subjects).flatMap(([name, subject]) =>
    subject ? [{ name, subject, before: subject.cpuMs(), residentMb: 0 }] : [],
  );
  const startedAt = performance.now();
  for (let second = 0; second < seconds; second += 1) {
    await delay(1000, undefined, { signal });
    for (const entry of entries) entry.residentMb = Math.max(entry.residentMb, entry.subject.residentMb());
  }
  const spent = entries.map(({ name, subject, before, residentMb }) => [
    name,
    { cpuMs: subject.cpuMs() - before, residentMb },
  ]);
  return { ...Object.fromEntries(spent), seconds: (performance.now() - startedAt) / 1000 };
}

async function measureChildren(bench: Bench, app: App): Promise<readonly ChildResult[]> {
  const { flags, folder, broker, say, signal } = bench;
  const names = Array.from({ length: watchedApps }, (_, index) => `${appName}${index}`);
  const ours = await Promise.all(names.map(async (name) => watch(await startApp(folder, name))));
  const theirs = watch(app);
  broker.onPublish = (clientId, payload) => note(clientId === 'children' ? ours : [theirs], payload);
  const agent = await startOurs(bench, 'children', names, secondsADay);
  const other = startOther(bench, (line) => note([theirs], line));
  const results: ChildResult[] = [];
  try {
    for (const lifeMs of livesMs) {
      say(`children that live ${lifeMs} ms`);
      const count = (one: Watched, patienceMs: number) =>
        countSeen(one, { lifeMs, rounds: flags.rounds, patienceMs }, signal);
      const [seen, seenByOther] = await Promise.all([
        Promise.all(ours.map((one) => count(one, ourPatienceMs))),
        other && count(theirs, ourPatienceMs + flags.otherEvery * 1000),
      ]);
      results.push({
        lifeMs,
        children: flags.rounds * ours.length,
        ours: seen.reduce((sum, one) => sum + one, 0),
        ...(seenByOther !== undefined && { otherChildren: flags.rounds, other: seenByOther }),
      });
    }
    return results;
  } finally {
    await agent.stop();
    await other?.stop();
    for (const one of ours) await one.app.close();
  }
}

function watch(app: App): Watched {
  return { app, latest: undefined, wasSeen: false };
}
