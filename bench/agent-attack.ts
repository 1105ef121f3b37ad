import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { appName, attacks } from './agent/attacks';
import { startCountingBroker } from './agent/broker';
import { type App, note, startApp, type Watched } from './agent/children';
import { asUnit, type Subject, startSubject } from './agent/subject';
import { writeTable } from './figures';

/*
 * An ordinary user who tries to blind, kill, starve or mislead the agent, one way after the other, while a watched
 * program has a child now and then: npx tsx bench/agent-attack.ts --help. Needs root, to be somebody else.
 * Exit code 0 only if the agent lived, reported every child and no other, and kept to its budget.
 */
const { minutes, only } = new Command('npx tsx bench/agent-attack.ts')
  .description("Attacks Cordon's agent as an ordinary user, one way after the other. Needs root.")
  .option('--minutes <number>', 'how long, in all', readMinutes, 10)
  .option('--only <text>', 'only the attacks whose title has this in it', readTitle, '')
  .addHelpText(
    'after',
    `\nAttacks:\n${Object.keys(attacks)
      .map((name) => `  ${name}\n`)
      .join('')}`,
  )
  .allowExcessArguments(false)
  .parse()
  .opts<{ minutes: number; only: string }>();
const chosen = Object.entries(attacks).filter(([name]) => name.includes(only));

/** A user that owns nothing else, so that all its processes can be ended. */
const attackersId = 65_533;
const childMs = 1000;
/** The agent's longest rest, with what a report takes. */
const patienceMs = 15_000;
const settleMs = 4000;
const mostMb = 100;
/** The share of a core over half a minute and more; over less, the agent may save for an expensive sample. */
const mostPercent = 2;
const halfMinuteMs = 30_000;
/** The agent's own, in which it may use more once. */
const startMs = 10_000;
/** The resolution of the kernel's clock. */
const tickMs = 10;

function readMinutes(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 600))
    throw new InvalidArgumentError('expected a number of minutes up to 600');
  return number;
}

function readTitle(text: string): string {
  if (Object.keys(attacks).some((name) => name.includes(text))) return text;
  throw new InvalidArgumentError('no attack has that in its title; --help lists them');
}

/** The agent saves a tenth of what half a minute may take. */
function allowedPercent(ms: number): number {
  const savedMs = ms < halfMinuteMs ? (halfMinuteMs * mostPercent) / 1000 : 0;
  return mostPercent + (100 * (savedMs + tickMs)) / ms;
}

interface Outcome {
  readonly attack: string;
  /** Processes and threads of the attacker, at the end. */
  readonly tasks: number;
  readonly children: number;
  readonly found: number;
  readonly slowestMs: number;
  readonly others: number;
  readonly percent: number;
  readonly mb: number;
}

const folder = mkdtempSync(join(tmpdir(), 'cordon-attack-'));
chmodSync(folder, 0o755);
mkdirSync(join(folder, 'work'));
chmodSync(join(folder, 'work'), 0o777);
const disk = join(folder, 'disk');
mkdirSync(disk);
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=200', 'tmpfs', disk]);
const theirs = join(disk, 'theirs');
mkdirSync(theirs);
chmodSync(theirs, 0o777);

function attack(code: string, agentPid: number, appPid: number): ChildProcess {
  const head = `
    const { spawn: start } = require('node:child_process');
    const spawn = (...given) => start(...given).on('error', () => {});
    process.on('uncaughtException', () => {});
    const folder = ${JSON.stringify(theirs)}, agent = ${agentPid}, app = ${appPid};
    process.chdir(require('node:fs').mkdtempSync(${JSON.stringify(join(folder, 'work', 'x'))}));`;
  return spawn('/usr/bin/node', ['-e', head + code], {
    uid: attackersId,
    gid: attackersId,
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: '1000' },
  });
}

function listTheirs(...options: readonly string[]): readonly string[] {
  const { stdout } = spawnSync('ps', [...options, '-u', String(attackersId), '-o', 'pid='], {
    encoding: 'utf8',
  });
  return stdout.split(/\s+/).filter(Boolean);
}

/** Kills more than once, because they start others meanwhile. */
function killAll(): void {
  for (let pids = listTheirs(), tries = 0; pids.length > 0 && tries < 50; pids = listTheirs(), tries += 1)
    spawnSync('kill', ['-9', ...pids]);
}

async function until(isSo: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(20)) if (isSo()) return true;
  return isSo();
}

/** Starts children of the app during the attack. */
async function endure(
  name: string,
  code: string,
  { app, agent, watched, ms }: { app: App; agent: Subject; watched: Watched; ms: number },
  pids: { agent: number; app: number },
): Promise<Outcome> {
  const started = performance.now();
  const used = agent.cpuMs();
  const attacker = attack(code, pids.agent, pids.app);
  let [children, found, slowestMs, others] = [0, 0, 0, 0];
  while (performance.now() - started < ms) {
    await delay(1000);
    if (watched.latest !== 0 && !(await until(() => watched.latest === 0, patienceMs))) others += 1;
    watched.wasSeen = false;
    await delay(500);
    if (watched.wasSeen) others += 1;
    const from = performance.now();
    const ended = app.startChild(childMs);
    children += 1;
    if (await until(() => watched.wasSeen, patienceMs)) found += 1;
    slowestMs = Math.max(slowestMs, performance.now() - from);
    await ended;
  }
  const percent = (100 * (agent.cpuMs() - used)) / (performance.now() - started);
  const mb = agent.residentMb();
  const tasks = listTheirs('-L').length;
  if (attacker.pid !== undefined && attacker.exitCode === null) process.kill(-attacker.pid, 'SIGKILL');
  killAll();
  for (const file of execFileSync('find', [theirs, '-type', 'f'], { encoding: 'utf8' }).split('\n'))
    if (file !== '') rmSync(file, { force: true });
  await delay(settleMs);
  return { attack: name, tasks, children, found, slowestMs, others, percent, mb };
}

const problems: string[] = [];
const broker = await startCountingBroker(folder);
const bundle = join(folder, 'cordon-agent.cjs');
execFileSync(
  process.execPath,
  [join(import.meta.dirname, '../infra/bundling/build-agent.mjs'), '--outfile', bundle],
  {
    stdio: 'ignore',
  },
);
const app = await startApp(folder, appName);
const watched: Watched = { app, latest: undefined, wasSeen: false };
broker.onPublish = (_client, payload) => note([watched], payload);
const { host, port, ca, cert, key } = broker.access;
const agent = startSubject(
  [
    process.execPath,
    ...asUnit.flags,
    bundle,
    ...['-e', `${host}:${port}`, '-r', ca, '-c', cert, '-k', key, '-id', 'attacked', '-i', '5'],
    ...['--state-dir', join(disk, 'state'), '--children-of', appName],
  ],
  (line) => {
    if (/"level":"error"/.test(line)) problems.push(line);
  },
  (reason) => problems.push(`the agent ended: ${reason}`),
);
const pidOf = (pattern: string): number =>
  Number(execFileSync('pgrep', ['-of', pattern], { encoding: 'utf8' }).trim());
try {
  if (!(await until(() => watched.latest === 0, patienceMs))) throw new Error('the agent reports nothing');
  const pids = { agent: pidOf(bundle), app: pidOf(join(folder, appName)) };
  const ms = Math.max((minutes * 60_000) / chosen.length - settleMs, 5000);
  await delay(startMs);
  const outcomes: Outcome[] = [];
  for (const [name, code] of chosen) {
    const outcome = await endure(name, code, { app, agent, watched, ms }, pids);
    outcomes.push(outcome);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
    if (outcome.found < outcome.children)
      problems.push(`${name}: ${outcome.children - outcome.found} children not found`);
    if (outcome.others > 0) problems.push(`${name}: ${outcome.others} times a child where there was none`);
    if (outcome.percent > allowedPercent(ms))
      problems.push(`${name}: ${outcome.percent.toFixed(1)} % of a core`);
    if (outcome.mb > mostMb) problems.push(`${name}: ${outcome.mb.toFixed(0)} MB`);
  }
  process.stdout.write(
    `\n${writeTable(
      ['attack', 'tasks', 'children', 'found', 'slowest, ms', 'false', '% of a core', 'MB'],
      outcomes.map((one) => [
        one.attack,
        one.tasks,
        one.children,
        one.found,
        Math.round(one.slowestMs),
        one.others,
        one.percent,
        one.mb,
      ]),
    )}\n`,
  );
} finally {
  killAll();
  await app.close();
  await agent.stop();
  await broker.close();
  execFileSync('umount', [disk]);
  // Some of it is deeper than a path may be long, which rm(1) can remove.
  execFileSync('rm', ['-rf', folder]);
}
process.stdout.write(problems.length === 0 ? 'all held\n' : `${problems.join('\n')}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
