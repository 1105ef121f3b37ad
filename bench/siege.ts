import { setTimeout as delay } from 'node:timers/promises';
import { ListThingGroupsForThingCommand } from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import { checkChain } from '../cli/verify';
import { connectCommands } from '../shared/aws/commands';
import type { Case } from '../shared/domain/case/case';
import { connectTable } from '../shared/storage/table';
import { aReport, bomb, connectDevice, reportsOf } from './device';
import { type Latency, latencyHead, latencyRow, summarize, writeTable } from './figures';
import { countMessages, isDeadEnd } from './queues';
import type { Service } from './service';
import { makeFaults } from './storm';
import { type DeviceFiles, enroll } from './traffic';

export interface SiegeResult {
  readonly seconds: number;
  readonly quiet: Latency;
  readonly attacked: Latency;
  readonly attackedAndKilled: Latency;
  readonly kills: number;
  readonly attacks: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const phases = ['quiet', 'attacked', 'attackedAndKilled'] as const;
type Phase = (typeof phases)[number];

interface Honest {
  readonly thingName: string;
  readonly phase: Phase;
  readonly sentAt: number;
  /** Given back at once, or left contained. */
  readonly isReleased: boolean;
}

const honestEveryMs = 2_000;
const killEveryMs = 3_000;
const attackEveryMs = 5_000;
const attackers = 6;
/** A killed invocation's message comes again after the function's time-out, some of them twice. */
const patienceMs = 5 * 60_000;

type Send = (topic: string, payload: string | Buffer) => Promise<unknown>;

/** What one device sends to hold up, blind or mislead. */
const attacks: Readonly<Record<string, (send: Send, thingName: string) => Promise<unknown>>> = {
  'CBOR that fills the memory': (send, name) => times(20, () => send(reportsOf(name, 'cbor'), bomb)),
  'conforming reports at once': (send, name) => times(2_000, () => send(reportsOf(name), aReport(0))),
  'in and out of alarm': (send, name) => times(100, (index) => send(reportsOf(name), aReport(index % 2))),
  'large values': (send, name) =>
    times(10, () => send(reportsOf(name), aReport(1, { evidence: 'e'.repeat(100_000) }))),
  'what nobody can read': (send, name) =>
    times(50, (index) => send(reportsOf(name), '[{'.repeat(1 + index * 20))),
  'ids of the future': (send, name) =>
    times(50, () =>
      send(reportsOf(name), aReport(1, { header: { report_id: 9_999_999_999, version: '1.0' } })),
    ),
};

function times(count: number, call: (index: number) => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** Contains and releases honest things while others attack, functions are killed and calls fail; then holds all against what must be. */
export async function runSiege(
  service: Service,
  minutes: number,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<SiegeResult> {
  const phaseMs = (minutes * 60_000) / phases.length;
  const count = Math.floor((minutes * 60_000) / honestEveryMs);
  const honestNames = Array.from({ length: count }, (_, index) => `honest${index}`);
  const attackerNames = Array.from({ length: attackers }, (_, index) => `attacker${index}`);
  say(`${count + attackers} things get certificates`);
  const files = await enroll(service, [...honestNames, ...attackerNames], signal);
  const siege = { service, files, counts: {}, toRelease: new Map(), kills: 0 } as Siege;
  const judged = new AbortController();
  const releasing = releaseLoop(siege, AbortSignal.any([signal, judged.signal]));
  const honest: Honest[] = [];
  const startedAt = Date.now();
  for (const [index, phase] of phases.entries()) {
    say(`${((Date.now() - startedAt) / 1_000).toFixed(0)} s: ${phase}`);
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const others = phase === 'quiet' ? [] : [attackLoop(siege, attackerNames, until)];
    if (phase === 'attackedAndKilled') others.push(killLoop(siege, until));
    if (phase !== 'quiet')
      await service.setFaults(
        makeFaults(Object.keys(await service.pids()).filter((name) => name !== 'stack')),
        7,
      );
    const names = honestNames.slice(Math.floor((index * count) / 3), Math.floor(((index + 1) * count) / 3));
    const beganAt = Date.now();
    for (const [at, thingName] of names.entries()) {
      await delay(Math.max(0, beganAt + at * (phaseMs / names.length) - Date.now()), undefined, { signal });
      honest.push(await misbehave(siege, thingName, phase, at % 2 === 0));
    }
    over.abort();
    await Promise.allSettled(others);
    await service.setFaults([]);
  }
  const seconds = (Date.now() - startedAt) / 1_000;
  say(`${seconds.toFixed(0)} s: over; what must be is waited for`);
  const problems = await judge(siege, honest, say, signal);
  judged.abort();
  await releasing;
  return {
    seconds,
    ...(await measure(service, honest)),
    kills: siege.kills,
    attacks: siege.counts,
    problems,
  };
}

interface Siege {
  readonly service: Service;
  readonly files: ReadonlyMap<string, DeviceFiles>;
  readonly counts: Record<string, number>;
  readonly toRelease: Map<string, MqttClient>;
  kills: number;
}

const connect = ({ service, files }: Siege, thingName: string): Promise<MqttClient> =>
  connectDevice(service.mqtt, thingName, files.get(thingName));

/** A child is reported; half of the things are released once they are contained. */
async function misbehave(
  siege: Siege,
  thingName: string,
  phase: Phase,
  isReleased: boolean,
): Promise<Honest> {
  const client = await connect(siege, thingName);
  client.on('error', () => undefined);
  const sentAt = Date.now();
  // The containment may cut the session before the acknowledgement.
  void client.publishAsync(reportsOf(thingName), aReport(1), { qos: 1 }).catch(() => undefined);
  if (isReleased) siege.toRelease.set(thingName, client);
  else setTimeout(() => client.end(true), 5_000).unref();
  return { thingName, phase, sentAt, isReleased };
}

/** Releases what waits for it, one after the other: the look at them must be no load. */
async function releaseLoop(siege: Siege, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const [thingName, client] of siege.toRelease) {
      if (!(await giveBack(siege, thingName))) continue;
      siege.toRelease.delete(thingName);
      client.end(true);
    }
    await delay(1_000);
  }
}

/** Releases a thing that is contained; false where it is not. */
async function giveBack({ service }: Siege, thingName: string): Promise<boolean> {
  const { cases } = connectTable(service.outputs.TableName ?? '', service.dynamodb);
  const record = (await cases.load(thingName))?.value;
  if (record?.status !== 'contained') return false;
  const commands = connectCommands(service.outputs.CommandsQueueUrl ?? '', service.sqs);
  await commands.send(
    { type: 'release', thingName, actor: 'bench', force: true },
    `release-${record.caseId}-${record.containedAt}`,
  );
  return true;
}

async function attackLoop(siege: Siege, names: readonly string[], signal: AbortSignal): Promise<void> {
  const kinds = Object.entries(attacks);
  for (let turn = 0; !signal.aborted; turn += 1) {
    const thingName = names[turn % names.length] ?? '';
    const [kind, attack] = kinds[turn % kinds.length] ?? [];
    if (!kind || !attack) return;
    siege.counts[kind] = (siege.counts[kind] ?? 0) + 1;
    // A contained attacker can't connect any more: its turn is over, as it should be.
    const client = await connect(siege, thingName).catch(() => undefined);
    client?.on('error', () => undefined);
    if (client) {
      const send: Send = (topic, payload) =>
        client.publishAsync(topic, payload, { qos: 1 }).catch(() => undefined);
      await Promise.race([attack(send, thingName), delay(5_000)]);
      client.end(true);
      await giveBack(siege, thingName);
    }
    await delay(attackEveryMs, undefined, { signal });
  }
}

async function killLoop(siege: Siege, signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(killEveryMs, undefined, { signal });
    const { stack: _stack, ...functions } = await siege.service.pids();
    const pids = Object.values(functions).flat();
    const pid = pids[Math.floor(Math.random() * pids.length)];
    if (pid === undefined) continue;
    process.kill(pid, 'SIGKILL');
    siege.kills += 1;
  }
}

async function measure(service: Service, honest: readonly Honest[]): Promise<Record<Phase, Latency>> {
  const { cases } = connectTable(service.outputs.TableName ?? '', service.dynamodb);
  const took = { quiet: [] as number[], attacked: [] as number[], attackedAndKilled: [] as number[] };
  for (const { thingName, phase, sentAt } of honest) {
    const containedAt = (await cases.load(thingName))?.value.containedAt;
    if (containedAt !== undefined) took[phase].push(containedAt - sentAt);
  }
  return {
    quiet: summarize(took.quiet),
    attacked: summarize(took.attacked),
    attackedAndKilled: summarize(took.attackedAndKilled),
  };
}

interface SlackMessage {
  readonly text: string;
  readonly blocks: unknown;
  readonly threadTs?: string;
}

/** Waits for what must be, then names what is not. */
async function judge(
  { service }: Siege,
  honest: readonly Honest[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const problems = await findProblems(service, honest);
    if (problems.length === 0 || Date.now() > until) return problems;
    say(`${problems.length} not yet as they must be, such as: ${problems[0]}`);
    await delay(10_000, undefined, { signal });
  }
}

async function findProblems(service: Service, honest: readonly Honest[]): Promise<string[]> {
  const { cases, history } = connectTable(service.outputs.TableName ?? '', service.dynamodb);
  const { slack } = await service.control<{ slack: SlackMessage[] }>('GET', 'messages');
  const roots = Map.groupBy(
    slack.filter(({ threadTs }) => threadTs === undefined),
    ({ text }) => /^\S+ (\w+):/.exec(text)?.[1] ?? '',
  );
  const found: string[] = [];
  for (const one of honest) {
    const { thingName, isReleased } = one;
    const record = (await cases.load(thingName))?.value;
    const say = (text: string) => void found.push(`${thingName} (${one.phase}): ${text}`);
    if (!record) {
      say('has no case');
      continue;
    }
    if (record.status !== (isReleased ? 'closed' : 'contained')) say(`is ${record.status}: ${record.reason}`);
    if ((await isQuarantined(service, thingName)) === isReleased)
      say(`is ${isReleased ? 'still' : 'not'} in quarantine`);
    const rows = await history.readTimeline(record.caseId);
    for (const fault of checkChain(record, rows, Date.now()).faults) say(`its timeline: ${fault}`);
    const own = roots.get(thingName) ?? [];
    if (own.length === 0) say('Slack shows nothing');
    const newest = own.at(-1);
    const saysSo = JSON.stringify(newest?.blocks ?? []).includes('has an earlier message of it');
    // A killed run may leave a message behind, of which the next one says that it is out of date.
    for (const root of own)
      if (!isSo(root.text, record) && (root === newest || !saysSo))
        say(`Slack shows: ${root.text.slice(0, 90)}`);
  }
  for (const [queue, count] of Object.entries(await countMessages(service)))
    if (count > 0 && isDeadEnd(queue) && !queue.endsWith('rejected'))
      found.push(`${count} messages ended in ${queue}`);
  return found;
}

/** What a message says of the case, or that it no longer is of now. */
function isSo(text: string, { status }: Case): boolean {
  return status === 'closed' ? text.includes(': released') : text.includes(': contained');
}

async function isQuarantined({ iot, outputs }: Service, thingName: string): Promise<boolean> {
  const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName }));
  return thingGroups.some(({ groupName }) => groupName === outputs.QuarantineGroup);
}

const shownProblems = 20;

export function writeSiegeResult({
  seconds,
  kills,
  attacks: counts,
  problems,
  ...took
}: SiegeResult): string {
  return [
    `${seconds.toFixed(0)} s, ${kills} functions killed, attacks: ${Object.values(counts).reduce((sum, n) => sum + n, 0)}`,
    '',
    writeTable(latencyHead, [
      latencyRow('child reported to contained, nobody attacks', took.quiet),
      latencyRow('while others attack and calls fail', took.attacked),
      latencyRow('and functions are killed', took.attackedAndKilled),
    ]),
    '',
    writeTable(['attacks', ''], Object.entries(counts)),
    '',
    problems.length === 0
      ? 'nothing lost: every case, thing group, timeline and message is as it must be'
      : `${problems.length} PROBLEMS:`,
    ...problems.slice(0, shownProblems),
  ].join('\n');
}
