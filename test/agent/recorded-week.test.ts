import { join } from 'node:path';
import type { ProcessSelector } from '../../agent/config/metric-definition';
import { host } from '../../agent/host';
import { createMetricSampler } from '../../agent/metrics/metric-sampler';
import { createChance } from './chance';
import { type Intruder, readRecording, replay, statOf } from './recorded-machine';

const secondMs = 1000;
const dayMs = 24 * 60 * 60 * secondMs;
const lookEveryMs = 100;
/** While nothing happens, all looks are alike, so the test plays only those that scan. */
const quietEveryMs = 5 * 60 * secondMs;
const repeats = 42;
const periodMs = (7 * dayMs) / repeats;

const recording = readRecording(join(import.meta.dirname, 'fixtures/debian-12-week.json.gz'));
const lengthMs = recording.frames.at(-1)?.[0] ?? 0;

/** Each form of a selector, by the app that it selects. */
const selectors: Readonly<Record<string, readonly (readonly [metric: string, of: ProcessSelector])[]>> = {
  myapp: [
    ['myapp by name', { name: 'myapp' }],
    ['myapp by executable', { executable: '/opt/myapp/myapp' }],
    ['myapp by unit', { unit: 'myapp.service' }],
  ],
  webapp: [
    ['webapp by script', { script: 'app.js' }],
    ['webapp by the path of its script', { script: '/opt/webapp/app.js' }],
    ['webapp by unit', { unit: 'webapp.service' }],
  ],
  collector: [
    ['collector by name', { name: 'collector' }],
    ['collector by script', { script: '/opt/collector/collector' }],
    ['collector by unit', { unit: 'collector.service' }],
  ],
  sensor: [
    ['sensor, in a container, by name', { name: 'sensor' }],
    ['sensor, in a container, by executable', { executable: '/opt/sensor/sensor' }],
  ],
};
const metrics = Object.values(selectors).flat();

interface Sighting {
  readonly metric: string;
  readonly at: number;
  readonly what: string;
}

/** The agent's own sampler beside the recorded machine, with looks as long apart as in the agent. */
function begin(seed: number) {
  const machine = replay(recording);
  const chance = createChance(seed);
  const seen: Sighting[] = [];
  const running = new Set<string>();
  const questions: {
    readonly unit: string;
    readonly frame: number;
    readonly give: (output: string) => void;
  }[] = [];
  host.execFile = ((
    _file: string,
    args: readonly string[],
    _options: unknown,
    done: (error: null, output: string) => void,
  ) => {
    const give = (output: string): void => done(null, output);
    questions.push({ unit: args.at(-1) ?? '', frame: machine.frame, give });
  }) as unknown as typeof host.execFile;
  const sampler = createMetricSampler(
    machine.proc,
    metrics.map(([metric, of]) => ({ metric, collect: 'children', of })),
    { users: String, wallClock: () => 1_700_000_000_000 + machine.now, ownPid: machine.ownPid },
  );
  const answer = (): void => {
    for (const question of questions.splice(0)) {
      const state = machine.answerOf(question.unit, question.frame);
      if (state) question.give(`MainPID=${state.mainPid}\nControlPID=${state.controlPid}\n`);
      else questions.push(question);
    }
  };
  const look = (): void => {
    answer();
    for (const { metric, process, seen: value, evidence, traces } of sampler.sample(machine.now)) {
      if (process?.state === 'running') running.add(metric);
      const level = value.kind === 'count' ? value.level : value.kind;
      const pieces = [...evidence, ...traces].map(
        ({ commandLine, parents }) => `${commandLine} < ${parents.join(' < ')}`,
      );
      if (level !== 0 || pieces.length > 0)
        seen.push({ metric, at: machine.now, what: `${level}: ${pieces.join('; ')}` });
    }
  };
  /** Plays the recording once, from a given time on, and then continues without events. */
  const live = (startedAt: number, intruder?: Intruder): void => {
    machine.repeat(startedAt, intruder);
    let looked = startedAt;
    for (let at = startedAt + chance(lookEveryMs); at < startedAt + lengthMs + secondMs; at += lookEveryMs) {
      if (!machine.goTo(at + chance(20)) && at - looked < secondMs) continue;
      looked = at;
      look();
    }
    for (let at = startedAt + lengthMs + secondMs; at < startedAt + periodMs; at += quietEveryMs) {
      machine.goTo(at);
      look();
    }
  };
  return { machine, chance, seen, running, live };
}

/** Each process of an app in its own cgroup: its number, and when it began and ended in the recording. */
function listLives(cgroup: string, comm: string): readonly { pid: number; from: number; until: number }[] {
  const lives = new Map<string, { pid: number; from: number; until: number }>();
  const files = new Map<string, string>();
  for (const [ms, changes] of recording.frames) {
    for (const [path, text] of Object.entries(changes)) {
      if (text === null) files.delete(path);
      else files.set(path, text);
    }
    for (const [path, text] of files) {
      if (!path.endsWith('/cgroup') || !text.includes(cgroup)) continue;
      const pid = Number(path.split('/')[0]);
      const stat = files.get(`${pid}/stat`);
      if (stat === undefined || statOf(stat).comm !== comm) continue;
      const key = `${pid} ${statOf(stat).start}`;
      lives.set(key, { pid, from: lives.get(key)?.from ?? ms, until: ms });
    }
  }
  return [...lives.values()];
}

const apps = {
  myapp: listLives('/myapp.service', 'myapp'),
  webapp: listLives('/webapp.service', 'node'),
  collector: listLives('/collector.service', 'collector'),
  sensor: listLives('/docker-', 'sensor'),
};
type App = keyof typeof apps;

interface Intrusion {
  readonly name: string;
  readonly forMs: number;
  readonly isOrphan: boolean;
  readonly isWaitedFor: boolean;
}

const shell: Intrusion = { name: 'a child', forMs: 1500, isOrphan: false, isWaitedFor: true };
const brief: Intrusion = { name: 'a child of 30 ms', forMs: 30, isOrphan: false, isWaitedFor: true };
const orphan: Intrusion = { name: 'a double fork', forMs: 15_000, isOrphan: true, isWaitedFor: false };
/** There is no double fork for `sensor`: in the container, the app itself would adopt the orphan. */
const intrusions: readonly (readonly [App, Intrusion])[] = [
  ...(['myapp', 'webapp', 'collector'] as const).flatMap((app) =>
    [shell, brief, orphan].map((kind) => [app, kind] as const),
  ),
  ['sensor', shell],
  ['sensor', brief],
];
/** Children that a process waited for before the first look belong to its start. */
const settledMs = 2 * secondMs;

/** Puts a child of an app into the recording, at any moment of its life. */
function intrude(
  app: App,
  { forMs, isOrphan, isWaitedFor }: Intrusion,
  chance: (below: number) => number,
): Intruder {
  const lives = apps[app].filter(({ from, until }) => until - from > forMs + 2 * settledMs);
  const life = lives[chance(lives.length)];
  if (!life) throw new Error(`${app} lives nowhere long enough in the recording`);
  const from = life.from + settledMs + chance(life.until - life.from - forMs - 2 * settledMs);
  return { from, until: from + forMs, parent: life.pid, isOrphan, isWaitedFor };
}

describe('a recorded week of a Debian device', () => {
  const { execFile } = host;
  afterEach(() => {
    host.execFile = execFile;
  });

  it('has no child of any app, whatever cron, logins, logrotate, upgrades, reloads and health checks start', () => {
    const { machine, seen, running, live } = begin(1);
    for (let count = 0; count < repeats; count += 1) live(count * periodMs);

    expect([...new Set(seen.map(({ metric, what }) => `${metric}: ${what}`))]).toEqual([]);
    expect([...running].sort()).toEqual(metrics.map(([metric]) => metric).sort());
    // The numbers came round.
    expect(machine.given).toBeGreaterThan(32_768);
  }, 60_000);

  it('has each child that is put into it at any moment, and nothing else', () => {
    const { chance, seen, live } = begin(2);
    const missed: string[] = [];
    const wrong: Sighting[] = [];
    for (const [count, [app, kind]] of [...intrusions, ...intrusions].entries()) {
      const intruder = intrude(app, kind, chance);
      live(count * periodMs, intruder);
      const [from, until] = [intruder.from, intruder.until + secondMs].map((ms) => count * periodMs + ms);
      const all = seen.splice(0);
      const isRight = ({ metric, at }: Sighting) =>
        metric.startsWith(app) && at >= (from ?? 0) && at <= (until ?? 0);
      for (const [metric] of selectors[app] ?? [])
        if (!all.some((one) => one.metric === metric && isRight(one)))
          missed.push(`${kind.name} of ${metric}, from ${intruder.from} ms on`);
      wrong.push(...all.filter((one) => !isRight(one)));
    }

    expect({ missed, wrong }).toEqual({ missed: [], wrong: [] });
  }, 60_000);
});
