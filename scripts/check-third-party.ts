import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkServer } from './third-party/check';
import { findLate, type Gap, judgeOutcomes, type Outcome, readGaps, writeOutcome } from './third-party/gaps';
import {
  findProgram,
  installServer,
  type Server,
  ServerError,
  servers,
  startServer,
} from './third-party/servers';

/**
 * Deploys Cordon to an AWS emulator of a third party, tries what that server supports, and compares what it lacks with
 * third-party/gaps.yml. Fails on a gap that is not listed, and on a listed gap that no longer exists. `--ci` installs
 * the server if it can, and fails on a wrong step alone: if the server is missing or broken, or the machine is busy, it
 * skips the rest with the reason.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cordon', 'third-party');
const flag = { type: 'boolean', default: false } as const;
const { values, positionals } = readCommandLine();
if (values.help) {
  say(`usage: npm run check:third-party -- [ministack] [moto] [--install] [--ci]
  --install  install missing servers in .cordon/third-party
  --ci       install missing servers if possible, and fail only if a step is wrong`);
  process.exit();
}
const installMs = 90_000;
const patienceMs = 240_000;

let isGood = true;
for (const server of servers)
  if (positionals.length === 0 || positionals.includes(server.name))
    isGood = (await (values.ci ? checkInCi(server) : check(server))) && isGood;
if (!isGood) process.exitCode = 1;

async function check(server: Server): Promise<boolean> {
  const program = findProgram(server, cache, values.install);
  if (program === undefined) {
    say(
      `skipped ${server.name}: it is not installed; --install puts ${server.packages.join(' and ')} in .cordon/third-party`,
    );
    return true;
  }
  const gaps = readGaps(join(root, 'scripts', 'third-party', 'gaps.yml'), server.name);
  const { outcomes } = await play(server, program, gaps);
  return summarize(server, outcomes, judgeOutcomes(outcomes, gaps));
}

async function checkInCi(server: Server): Promise<boolean> {
  const skip = (reason: string) => {
    say(`skipped: ${server.name}: ${reason}`);
    return true;
  };
  const missing = process.env[`CORDON_${server.name.toUpperCase()}`]
    ? undefined
    : installServer(server, cache, installMs);
  const program = missing === undefined ? findProgram(server, cache, false) : undefined;
  if (program === undefined) return skip(missing ?? 'its program is missing');
  const all = readGaps(join(root, 'scripts', 'third-party', 'gaps.yml'), server.name);
  const ofDeploy = all.filter(({ step }) => step === 'deploy');
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const { outcomes, end } = await play(server, program, all, {
      signal,
      leftOut: ofDeploy.map(({ what }) => what.split(' ')[0] ?? ''),
    });
    const verdict = judgeOutcomes(
      outcomes,
      all.filter((gap) => !ofDeploy.includes(gap)),
    );
    const broken = end ?? findLate(outcomes);
    if (verdict.unexpected.length + verdict.outdated.length > 0 && broken) return skip(broken);
    return summarize(server, outcomes, verdict);
  } catch (error) {
    if (signal.aborted) return skip(`it was not done within ${patienceMs / 1_000} s`);
    return skip(error instanceof ServerError ? error.message : `the check could not go on: ${error}`);
  }
}

/** `end`: how the server ended before anybody stopped it. */
async function play(
  server: Server,
  program: string,
  gaps: readonly Gap[],
  options: Parameters<typeof checkServer>[5] = {},
): Promise<{ readonly outcomes: readonly Outcome[]; readonly end: string | undefined }> {
  const outcomes: Outcome[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'cordon-third-party-'));
  say(`\n${server.name}`);
  const running = await startServer(server, program);
  try {
    const report = (outcome: Outcome) => {
      outcomes.push(outcome);
      say(writeOutcome(outcome, gaps));
    };
    await checkServer(server, running, folder, root, report, options).catch((error: unknown) => {
      const end = running.findEnd();
      throw end === undefined ? error : new ServerError(end, { cause: error });
    });
    return { outcomes, end: running.findEnd() };
  } finally {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Says how a server did, and whether all went well. */
function summarize(
  { name }: Server,
  outcomes: readonly Outcome[],
  { unexpected, outdated }: ReturnType<typeof judgeOutcomes>,
): boolean {
  for (const { step, what } of unexpected) say(`FAILED: ${step}: ${what} is no known gap`);
  for (const { step, what } of outdated)
    say(`FAILED: ${step}: ${what} is a listed gap that is no longer met: delete it`);
  const failed = unexpected.length + outdated.length;
  const held = outcomes.filter(({ verdict }) => verdict === 'held').length;
  const known = Math.max(0, outcomes.length - held - failed);
  say(
    `${name}: ${held} held, ${known} known gaps, ${failed} failed, ${Math.round(performance.now() / 1_000)} s`,
  );
  return failed === 0;
}

function readCommandLine() {
  try {
    const options = { install: flag, ci: flag, help: flag };
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    const unknown = positionals.filter((name) => !servers.some((server) => server.name === name));
    if (unknown.length === 0) return { values, positionals };
    return refuse(`no server ${unknown.join(', ')}: give ${servers.map(({ name }) => name).join(' or ')}`);
  } catch (error) {
    // The message of Node goes on with a hint about arguments that begin with a hyphen.
    return refuse(String((error as Error).message).split('. ')[0] ?? '');
  }
}

function refuse(fault: string): never {
  process.stderr.write(
    `check:third-party: ${fault}: npm run check:third-party -- --help lists the options\n`,
  );
  process.exit(2);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
