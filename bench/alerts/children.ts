import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Closers } from '../../local/closers';
import { agentBundle } from '../../local/package-service';
import { type AgentEvent, type AgentProcess, startAgent } from '../../local/story/agent-process';
import { type AppProcess, startApp } from '../../local/story/app-process';
import { type Latency, latencyHead, latencyRow, summarize, writeProblems, writeTable } from '../figures';
import { loadCase, release } from './cases';
import { listen, waitForQuiet } from './queues';
import type { Service } from './service';
import { enroll } from './traffic';

export interface ChildrenResult {
  /** From the start of the first child, with cold functions and connections. */
  readonly firstMs: number;
  readonly denied: Latency;
  readonly applied: Latency;
  readonly problems: readonly string[];
}

interface Announcement {
  readonly kind: string;
  readonly at: number;
  readonly alertToAppliedMs?: number;
}

/** A behavior that goes in and out of alarm more often in a minute is reported later (shared/domain/detection/alarm.ts). */
const roundsOfThing = 8;
const patienceMs = 30_000;

/** The same device is contained and released again and again: a real app starts a real child, and a real agent reports it. */
export async function measureChildren(
  service: Service,
  rounds: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<ChildrenResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-device-'));
  const closers = new Closers();
  closers.push(() => rm(folder, { recursive: true, force: true }));
  try {
    const app = await startApp(join(folder, 'app'), 'myapp');
    closers.push(() => app.stop());
    const count = Math.ceil((rounds + 1) / roundsOfThing);
    const names = Array.from({ length: count }, (_, index) => `bench${index}`);
    const start = await prepareDevices(service, folder, names, closers, signal);
    const heard = await hear(service, signal);
    closers.push(() => heard.stop());
    return await play(service, { app, start, heard }, rounds, say, signal);
  } finally {
    await closers.closeAll();
  }
}

type StartDevice = (thingName: string) => Promise<AgentProcess>;

interface Players {
  readonly app: AppProcess;
  readonly start: StartDevice;
  readonly heard: Heard;
}

async function play(
  service: Service,
  { app, start, heard }: Players,
  rounds: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<ChildrenResult> {
  const deniedMs: number[] = [];
  const appliedMs: number[] = [];
  const problems: string[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const thingName = `bench${Math.floor(round / roundsOfThing)}`;
    const agent = await start(thingName);
    await waitForQuiet(service, signal);
    const startedAt = Date.now();
    await app.launchChild();
    const { at, alertToAppliedMs } = await heard.next('contained', startedAt, signal);
    deniedMs.push(at - startedAt);
    if (alertToAppliedMs !== undefined) appliedMs.push(alertToAppliedMs);
    // Left running, the agent would connect again later each time, as to a broker that keeps refusing it.
    await Promise.all([agent.stop(), app.killChild()]);
    const record = await loadCase(service, thingName);
    if (record?.status !== 'contained') problems.push(`round ${round}: the case is ${record?.status}`);
    else await release(service, record);
    await heard.next('released', startedAt, signal);
    await waitForQuiet(service, signal);
    if (round % 10 === 0) say(`${round} of ${rounds}: ${at - startedAt} ms`);
  }
  const [firstMs = Number.NaN, ...warm] = deniedMs;
  return { firstMs, denied: summarize(warm), applied: summarize(appliedMs.slice(1)), problems };
}

/** Whether the detector has the last report, and it is of no child. */
function saysNone(events: readonly AgentEvent[]): boolean {
  const last = events.findLastIndex(({ event }) => event === 'reported');
  const values = events[last]?.values as Readonly<Record<string, unknown>> | undefined;
  const isAccepted = events.slice(last).some(({ event }) => event === 'accepted');
  return isAccepted && values?.num_child_procs_myapp === 0;
}

/** Enrolls things; what it gives starts the agent of one, which then has reported 0 children. */
async function prepareDevices(
  service: Service,
  folder: string,
  names: readonly string[],
  closers: Closers,
  signal: AbortSignal,
): Promise<StartDevice> {
  const devices = await enroll(service, names, signal);
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, service.mqtt.ca);
  // Only this app: another one may run on this machine under the same name.
  const executable = join(folder, 'app', 'myapp');
  const metrics = { num_child_procs_myapp: { collect: 'children', of: { executable } } };
  const configuration = join(folder, 'agent.json');
  await writeFile(configuration, JSON.stringify({ customMetrics: true, metrics }));
  return async (thingName) => {
    const { certificateArn = '', cert = '', key = '' } = devices.get(thingName) ?? {};
    const own = (file: string) => join(folder, `${thingName}.${file}`);
    await writeFile(own('cert.pem'), cert);
    await writeFile(own('key.pem'), key, { mode: 0o600 });
    const agent = await startAgent({
      bundle: agentBundle(join(import.meta.dirname, '../..')),
      device: { thingName, certificateArn, cert: own('cert.pem'), key: own('key.pem') },
      clientId: thingName,
      configuration,
      ca,
      host: 'localhost',
      port: service.mqtt.port,
      stateDirectory: own('agent'),
      closers,
    });
    await until(() => saysNone(agent.events), 'the report of 0 children', signal);
    return agent;
  };
}

interface Heard {
  /** Waits for the first announcement of a kind since an instant. */
  next(kind: string, since: number, signal: AbortSignal): Promise<Announcement>;
  stop(): Promise<void>;
}

async function hear(service: Service, signal: AbortSignal): Promise<Heard> {
  const stop = new AbortController();
  const announcements: Announcement[] = [];
  const take = (message: string) => void announcements.push(JSON.parse(message));
  const ends = AbortSignal.any([stop.signal, signal]);
  const { ended } = await listen(service, service.outputs.AnnouncementsTopicArn ?? '', take, ends);
  const find = (kind: string, since: number) =>
    announcements.find((one) => one.kind === kind && one.at >= since);
  return {
    next: (kind, since, until_) => until(() => find(kind, since), `the announcement "${kind}"`, until_),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

async function until<T>(find: () => T | undefined | false, what: string, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what} never came`);
    await delay(5, undefined, { signal });
  }
}

export function writeChildrenResult({ firstMs, denied, applied, problems }: ChildrenResult): string {
  return [
    writeTable(latencyHead, [
      latencyRow('child started to denial verified', denied),
      latencyRow('of this, alert to the last action applied', applied),
    ]),
    `the first child: ${firstMs} ms`,
    writeProblems(problems, 'each child was found, and its device contained and released'),
  ].join('\n');
}
