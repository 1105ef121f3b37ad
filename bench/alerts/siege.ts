import { setTimeout as delay } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { type Latency, latencyHead, latencyRow, summarize, writeProblems, writeTable } from '../figures';
import { loadCase, release } from './cases';
import { aReport, bomb, connectDevice, reportsOf } from './device';
import type { Service } from './service';
import { type Honest, judgeSiege, type Phase, phases } from './siege-judge';
import { createFaults } from './storm';
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

const honestEveryMs = 2_000;
const killEveryMs = 3_000;
const attackEveryMs = 5_000;
const attackers = 6;
type Send = (topic: string, payload: string | Buffer) => Promise<unknown>;

/** Attacks of one device, which try to hold up, blind or mislead. */
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

/**
 * Contains and releases honest things while others attack, functions are killed and calls fail. Then compares
 * everything with the expected state.
 */
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
        createFaults(Object.keys(await service.pids()).filter((name) => name !== 'stack')),
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
  const problems = await judgeSiege(service, honest, say, signal);
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
      if (!(await releaseThing(siege, thingName))) continue;
      siege.toRelease.delete(thingName);
      client.end(true);
    }
    await delay(1_000);
  }
}

/** Releases a thing that is contained; false if it is not. */
async function releaseThing({ service }: Siege, thingName: string): Promise<boolean> {
  const record = await loadCase(service, thingName);
  if (record?.status !== 'contained') return false;
  await release(service, record);
  return true;
}

async function attackLoop(siege: Siege, names: readonly string[], signal: AbortSignal): Promise<void> {
  const kinds = Object.entries(attacks);
  for (let turn = 0; !signal.aborted; turn += 1) {
    const thingName = names[turn % names.length] ?? '';
    const [kind, attack] = kinds[turn % kinds.length] ?? [];
    if (!kind || !attack) return;
    siege.counts[kind] = (siege.counts[kind] ?? 0) + 1;
    // A contained attacker can no longer connect: its turn is over, as it should be.
    const client = await connect(siege, thingName).catch(() => undefined);
    client?.on('error', () => undefined);
    if (client) {
      const send: Send = (topic, payload) =>
        client.publishAsync(topic, payload, { qos: 1 }).catch(() => undefined);
      await Promise.race([attack(send, thingName), delay(5_000)]);
      client.end(true);
      await releaseThing(siege, thingName);
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
  const took = { quiet: [] as number[], attacked: [] as number[], attackedAndKilled: [] as number[] };
  for (const { thingName, phase, sentAt } of honest) {
    const containedAt = (await loadCase(service, thingName))?.containedAt;
    if (containedAt !== undefined) took[phase].push(containedAt - sentAt);
  }
  return {
    quiet: summarize(took.quiet),
    attacked: summarize(took.attacked),
    attackedAndKilled: summarize(took.attackedAndKilled),
  };
}

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
    writeProblems(problems, 'nothing lost: every case, thing group, timeline and message is as it must be'),
  ].join('\n');
}
