import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCountingBroker } from './agent-broker';
import { type App, note, startApp, type Watched } from './agent-children';
import { type Subject, startSubject } from './agent-subject';
import { writeTable } from './figures';

/*
 * An ordinary user who tries to blind, kill, starve or mislead the agent, one way after the other, while a watched
 * program has a child now and then: npx tsx bench/agent-attack.ts [--minutes 10] [--only TEXT]. Needs root, to be somebody else.
 * Exit code 0 only if the agent lived, told of every child and of no other, and kept to its budget.
 */
const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, only: { type: 'string', default: '' } },
});
const minutes = Number(flags.minutes);
/** Whose nothing else is, so that all of it can be ended. */
const attackersId = 65_533;
const appName = 'cordonattacked';
const childMs = 1000;
/** As long as the agent rests at most, with what a report takes. */
const patienceMs = 15_000;
const settleMs = 4000;
const mostMb = 100;
/** 2 % of a core, with what it saved before. */
const mostPercent = 2.6;

/** Programs for `node -e`; `folder` is the attacker's own, on the file system of the agent's state. */
const attacks: Readonly<Record<string, string>> = {
  'nothing (for comparison)': 'setInterval(() => {}, 1000);',
  'hundreds of processes that live': `
    for (let n = 0; n < 300; n++) spawn('sleep', ['100'], { stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
  'processes that come and go all the time': `
    const again = () => spawn('true', [], { stdio: 'ignore' }).once('close', again).once('error', () => setTimeout(again, 50));
    for (let n = 0; n < 8; n++) again();`,
  'names that look like stat lines and like the app': `
    const names = ['x) R 1 (y', 'a\\nb', ') Z 0 0 0', '\\x1b[31m', '(sd-pam)', 'systemd', '${appName}x'];
    setInterval(() => {
      for (const name of names) spawn('bash', ['-c', 'exec -a "$1" sleep 1', 'bash', name], { stdio: 'ignore' }), spawn('bash', ['-c', 'printf %s "$1" > /proc/$$/comm; read -t 1 < <(sleep 2)', 'bash', name], { stdio: 'ignore' });
    }, 400);`,
  'command lines and environments of 100 KB': `
    const big = 'A'.repeat(100000);
    setInterval(() => { for (let n = 0; n < 5; n++) spawn('sleep', ['1', ], { argv0: big, env: { PATH: process.env.PATH, B: big }, stdio: 'ignore' }); }, 500);`,
  'a thousand threads': `
    const { pbkdf2 } = require('node:crypto');
    for (let n = 0; n < 1000; n++) pbkdf2('a', 'b', 1, 20, 'sha1', () => {});
    setInterval(() => {}, 1000);`,
  'threads that come and go': `
    const { Worker } = require('node:worker_threads');
    const again = () => new Worker('0', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } }).once('exit', again);
    for (let n = 0; n < 3; n++) again();`,
  'programs at paths of 4,200 bytes, with their folder gone': `
    const fs = require('node:fs');
    for (let depth = 0; depth < 17; depth++) { fs.mkdirSync('d'.repeat(250), { recursive: true }); process.chdir('d'.repeat(250)); }
    fs.copyFileSync(fs.realpathSync('/bin/sleep'), 'x'); fs.chmodSync('x', 0o755);
    for (let n = 0; n < 50; n++) spawn('./x', ['100'], { stdio: 'ignore' });
    fs.unlinkSync('x');
    setInterval(() => {}, 1000);`,
  'thousands of sockets': `
    const net = require('node:net');
    const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => {
      for (let n = 0; n < 1500; n++) net.connect(server.address().port, '127.0.0.1').on('error', () => {});
    });
    for (let n = 0; n < 500; n++) net.createServer().listen(0, '127.0.0.1');`,
  'a full disk, where the agent keeps its state': `
    const fs = require('node:fs');
    const file = fs.openSync(folder + '/fill', 'w');
    const fill = () => { try { for (;;) fs.writeSync(file, Buffer.alloc(65536)); } catch {} };
    setInterval(fill, 20); fill();`,
  'no inodes, where the agent keeps its state': `
    const fs = require('node:fs');
    let n = 0;
    setInterval(() => { try { for (;;) fs.writeFileSync(folder + '/i' + n++, ''); } catch {} }, 50);`,
  'all the notifications of files that a user may have': `
    const fs = require('node:fs');
    const watchers = [];
    try { for (;;) watchers.push(fs.watch('/tmp', () => {})); } catch {}
    setInterval(() => {}, 1000);`,
  'signals to the agent': `
    setInterval(() => {
      for (const signal of ['SIGSTOP', 'SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGCONT', 'SIGUSR1'])
        try { process.kill(agent, signal); } catch {}
    }, 100);`,
  'pipes and links in place of the files of the agent': `
    const fs = require('node:fs');
    const state = folder + '/../state', names = ['attacked.report-id', 'attacked.report-id.' + agent + '.tmp', 'attacked.restarts', 'attacked.spool'];
    setInterval(() => {
      for (const name of names) {
        spawn('mkfifo', [state + '/' + name], { stdio: 'ignore' });
        try { fs.symlinkSync('/etc/passwd', state + '/' + name + '.x'); fs.renameSync(state + '/' + name + '.x', state + '/' + name); } catch {}
      }
      try { fs.renameSync(state, folder + '/state'); } catch {}
    }, 500);`,
  'the processor, at all its cores': `
    for (let n = 0; n < 2; n++) spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
};

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

/** More than once, for what they start meanwhile. */
function killAll(): void {
  for (let pids = listTheirs(), tries = 0; pids.length > 0 && tries < 50; pids = listTheirs(), tries += 1)
    spawnSync('kill', ['-9', ...pids]);
}

async function until(isSo: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(20)) if (isSo()) return true;
  return isSo();
}

/** Lets the app have children while the attack goes on. */
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
execFileSync(process.execPath, [join(import.meta.dirname, '../infra/build-agent.mjs'), '--outfile', bundle], {
  stdio: 'ignore',
});
const app = await startApp(folder, appName);
const watched: Watched = { app, latest: undefined, wasSeen: false };
broker.onPublish = (_client, payload) => note([watched], payload);
const { host, port, ca, cert, key } = broker.access;
const agent = startSubject(
  [
    process.execPath,
    ...[
      '--v8-pool-size=1',
      '--max-semi-space-size=1',
      '--no-opt',
      '--max-optimized-bytecode-size=0',
      '--optimize-for-size',
      bundle,
    ],
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
  const names = Object.entries(attacks).filter(([name]) => name.includes(flags.only));
  const ms = Math.max((minutes * 60_000) / names.length - settleMs, 5000);
  const outcomes: Outcome[] = [];
  for (const [name, code] of names) {
    const outcome = await endure(name, code, { app, agent, watched, ms }, pids);
    outcomes.push(outcome);
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
    if (outcome.found < outcome.children)
      problems.push(`${name}: ${outcome.children - outcome.found} children not found`);
    if (outcome.others > 0) problems.push(`${name}: ${outcome.others} times a child where there was none`);
    if (outcome.percent > mostPercent) problems.push(`${name}: ${outcome.percent.toFixed(1)} % of a core`);
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
