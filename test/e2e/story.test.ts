import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { endTurn, takeTurn, turnTimeoutMs } from '../take-turn';
import { isRunning, root, waitUntil } from './harness';

// These run in the checkout's own .cordon, as a user does, so they stay in this one file, one after the other.

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const children = new Set<ChildProcess>();

// A test that failed half way must not leave a stack behind.
afterEach(() => {
  for (const { pid } of children) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
});

function start(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what npm starts can be ended with it.
    detached: true,
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const output = { out: '', err: '' };
  return { child, output, ended: collect(child, output) };
}

async function collect(child: ChildProcess, output: { out: string; err: string }): Promise<Ended> {
  child.stdout?.on('data', (chunk: Buffer) => {
    output.out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.err += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const serve = (env?: Record<string, string>) => start(process.execPath, ['local/start.mjs', '--serve'], env);
const cordon = (...args: string[]) => start(process.execPath, ['bin/cordon.mjs', ...args]).ended;

beforeAll(takeTurn, turnTimeoutMs);

afterAll(endTurn);

describe('npm start -- --once --json', () => {
  it('plays the story and proves each step of it', async () => {
    const { code, out, err } = await start('npm', ['start', '--', '--once', '--json']).ended;

    // Prints what the story said, if it failed.
    expect(`${code}: ${err}`).toMatch(/^0: /);
    const result = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({
      contained: true,
      verified: true,
      controlUndisturbed: true,
      released: true,
      restored: true,
      childToDeniedMs: expect.any(Number),
      alertToAppliedMs: expect.any(Number),
    });
    expect(result.slack).toBeGreaterThanOrEqual(1);
    expect(result.email).toBeGreaterThanOrEqual(1);
    expect(Object.keys(result.coldStartMs).sort()).toEqual([
      'console',
      'detect',
      'intake',
      'notify',
      'operate',
      'provision',
      'respond',
      'sweep',
    ]);
    expect(existsSync(join(root, '.cordon', 'local.json'))).toBe(false);
    // The picture of the README: drawn anew by scripts/draw-story.mjs if a step came or went.
    const picture = await readFile(join(root, 'docs', 'story.svg'), 'utf8');
    expect(listSteps(picture.replace(/<[^>]*>/g, ''))).toEqual(listSteps(err));
  }, 120_000);
});

describe('npm start -- --once --json, interrupted', () => {
  const applicationMayPublish = 'mything1 may publish for its application';

  it.each<[string, string, (child: ChildProcess) => unknown, RegExp]>([
    [
      'before the story',
      'the local stack boots',
      (child) => child.kill('SIGINT'),
      /^[^:]+: interrupted by SIGINT$/,
    ],
    [
      'in the middle of the story',
      applicationMayPublish,
      (child) => child.kill('SIGTERM'),
      /^[^:]+: interrupted by SIGTERM$/,
    ],
    [
      'by a reader of the story that ends',
      applicationMayPublish,
      (child) => child.stderr?.destroy(),
      /^[^:]+: interrupted, since nobody reads the output any more$/,
    ],
  ])(
    'prints one line that says where, %s',
    async (_, said, interrupt, failed) => {
      const args = ['local/start.mjs', '--once', '--json'];
      const { child, output, ended } = start(process.execPath, args);
      child.stderr?.on('data', () => {
        if (output.err.includes(said)) interrupt(child);
      });

      const { code, out } = await ended;

      const lines = out.trim().split('\n');
      expect({ code, lines: lines.length }).toEqual({ code: 130, lines: 1 });
      const result = JSON.parse(lines[0] ?? '');
      expect(result).toMatchObject({ contained: expect.any(Boolean), released: false, restored: false });
      expect(result.failed).toMatch(failed);
      // What was measured by then is there.
      if (said === applicationMayPublish) expect(result.coldStartMs.respond).toEqual(expect.any(Number));
      await waitUntil(
        () => `the end of ${listStarted()}`,
        () => listStarted().length === 0,
      );
    },
    180_000,
  );
});

/** The steps that succeeded, without the numbers that differ in each run. */
function listSteps(said: string): readonly string[] {
  return [...said.matchAll(/^ok {3}(.*) \(\d+ ms\)$/gm)].map(([, step = '']) =>
    // The cut agent may not be back yet, and release then warns of an alarm that is still on, in lines of its own.
    step.replace(/\d+ (?=ms|of)|of \d+/g, 'N ').replace(/(?<=releases it): .*/, ''),
  );
}

describe('npm start', () => {
  it('says which variable to change if a port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const ends = [
      await serve({ CORDON_PORT: `${port}` }).ended,
      await serve({ CORDON_MQTT_PORT: `${port}` }).ended,
    ];
    taken.close();

    for (const { code, err } of ends) {
      expect(code).toBe(1);
      expect(err.split('\n').filter((line) => line.startsWith('cordon:'))).toEqual([
        expect.stringMatching(new RegExp(`port.*${port}.*CORDON_PORT.*CORDON_MQTT_PORT`)),
      ]);
    }
  }, 180_000);

  it.each([['--nonsense'], ['--serve --once'], ['extra']])(
    'refuses %s with a single line',
    async (flags) => {
      const args = ['local/start.mjs', ...flags.split(' ')];

      const { code, out, err } = await start(process.execPath, args).ended;

      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err.trim().split('\n')).toHaveLength(1);
    },
    30_000,
  );

  it.each(['x', '-1', '70000', ''])(
    'refuses the port %j',
    async (port) => {
      const { code, err } = await serve({ CORDON_PORT: port }).ended;

      expect({ code, err }).toEqual({
        code: 1,
        err: `cordon: CORDON_PORT=${port}: expected a whole number from 0 to 65535\n`,
      });
    },
    30_000,
  );

  it.each([
    ['as it begins', ''],
    ['as it is about to start the app and the agent', 'mything1 may publish for its application'],
  ])(
    'leaves no trace of an error and no process when nobody reads its output any more, %s',
    async (_, said) => {
      const { child, output, ended } = start(process.execPath, ['local/start.mjs', '--once']);
      child.stdout?.on('data', () => {
        if (output.out.includes(said)) child.stdout?.destroy();
      });

      const { code, err } = await ended;

      // Interrupted before the story was through.
      expect({ code, err }).toEqual({ code: 130, err: '' });
      expect(existsSync(join(root, '.cordon', 'local.json'))).toBe(false);
      await waitUntil(
        () => `the end of ${listStarted()}`,
        () => listStarted().length === 0,
      );
    },
    180_000,
  );

  it('leaves no process or file when it is interrupted', async () => {
    const { child, ended } = serve();
    const file = join(root, '.cordon', 'local.json');
    const { endpoint, credentials, things, ca } = await waitUntil(
      () => '.cordon/local.json',
      async () => existsSync(file) && JSON.parse(await readFile(file, 'utf8')),
      60_000,
    );
    expect(Object.keys(credentials)).toEqual(['accessKeyId', 'secretAccessKey']);
    for (const path of [ca, things.mything1.cert, things.mything2.key]) expect(existsSync(path)).toBe(true);
    const { pids } = (await (await fetch(`${endpoint}/_cordon/functions`)).json()) as {
      pids: Record<string, number[]>;
    };
    const workers = Object.values(pids).flat();
    expect(workers.length).toBeGreaterThanOrEqual(6);
    expect(await cordon('list')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No open case\.\npipeline: .*\n$/),
    });
    expect(await serve().ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^cordon: a local stack runs in this folder already .*Ctrl-C in its terminal, or with kill \d+\n$/,
      ),
    });

    child.kill('SIGINT');
    const { code } = await ended;

    expect(code).toBe(0);
    expect(existsSync(file)).toBe(false);
    expect(workers.filter(isRunning)).toEqual([]);
  }, 180_000);
});

describe('npm start, interrupted in the middle of the story', () => {
  let programs: string;
  // The child of myapp outlives what the operator does to end it, so that the story stays where it is then.
  beforeAll(async () => {
    programs = await mkdtemp(join(tmpdir(), 'cordon-programs-'));
    const script = `#!/bin/sh\ntrap '' TERM\nPATH=\${PATH#*:}\nexec sleep "$@"\n`;
    await writeFile(join(programs, 'sleep'), script, { mode: 0o755 });
  });
  afterAll(() => rm(programs, { recursive: true }));

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends every process it started on %s',
    async (signal) => {
      const path = `${programs}${delimiter}${process.env.PATH}`;
      const { child, output, ended } = start(process.execPath, ['local/start.mjs'], { PATH: path });
      let names: readonly string[] = [];
      const descendants = await waitUntil(
        // Prints what the story said, if it failed or stays elsewhere.
        () => `the app, its child and the functions of the story beside ${names}: ${output.out}${output.err}`,
        () => {
          const found = listDescendants(child.pid ?? -1);
          names = found.map(({ name }) => name);
          return names.includes('myapp') && names.includes('sleep') && found.length >= 10 && found;
        },
        60_000,
      );

      child.kill(signal);
      const { code, err } = await ended;

      expect({ code, err }).toEqual({ code: 0, err: '' });
      // An orphan that was killed is gone once init has seen it.
      await waitUntil(
        () => `the end of ${JSON.stringify(descendants.filter(({ pid }) => isRunning(pid)))}`,
        () => !descendants.some(({ pid }) => isRunning(pid)),
      );
      expect(existsSync(join(root, '.cordon', 'local.json'))).toBe(false);
    },
    90_000,
  );
});

/** Programs with a path in the folder of the story in their command line. */
function listStarted(): string[] {
  return listPids()
    .map((pid) => readOf(pid, 'cmdline')?.replaceAll('\0', ' ') ?? '')
    .filter((line) => line.includes(join(root, '.cordon', '')));
}

function listPids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** A file of a process, unless it ended since it was listed. */
function readOf(pid: string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

interface Process {
  readonly pid: number;
  readonly name: string;
}

/** Children, and theirs, by the parent's pid in /proc/PID/stat (proc_pid_stat(5)). */
function listDescendants(ancestor: number): Process[] {
  const stats = listPids().map(readStat);
  const found: Process[] = [];
  const parents = new Set([ancestor]);
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const stat of stats) {
      if (!stat || !parents.has(stat.parent) || parents.has(stat.pid)) continue;
      parents.add(stat.pid);
      found.push({ pid: stat.pid, name: stat.name });
    }
  }
  return found;
}

function readStat(pid: string): (Process & { parent: number }) | undefined {
  const [, name = '', parent] = /\((.*)\) \S (\d+)/s.exec(readOf(pid, 'stat') ?? '') ?? [];
  return parent === undefined ? undefined : { pid: Number(pid), name, parent: Number(parent) };
}

describe('cordon check', () => {
  it.each([
    ['detector: [', /cordon\.yml:\d+/],
    ['detector: other', /cordon\.yml:1.*detector/],
    ['playbooks:\n  - { name: p, mode: destroy }', /cordon\.yml:2.*mode/],
  ])(
    'names file, line and what was expected of %j',
    async (text, message) => {
      const directory = await mkdtemp(join(tmpdir(), 'cordon-check-'));
      const file = join(directory, 'cordon.yml');
      await writeFile(file, text);

      const { code, err } = await cordon('check', file);
      await rm(directory, { recursive: true });

      expect(code).toBe(1);
      expect(err).toMatch(message);
    },
    30_000,
  );

  it('explains the file that ships', async () => {
    expect(await cordon('check')).toMatchObject({
      code: 0,
      out: expect.stringContaining('cordon.yml is valid.'),
    });
  }, 180_000);
});
