import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkServer } from './third-party/check';
import { judgeOutcomes, type Outcome, readGaps, writeOutcome } from './third-party/gaps';
import { findProgram, type Server, servers, startServer } from './third-party/servers';

/**
 * Deploys Cordon to an AWS that somebody else wrote, plays what that server knows, and compares what it does not know with
 * third-party/gaps.yml. A gap that is not listed fails, and one that is listed and no longer met.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { install: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !servers.some((server) => server.name === name));
if (unknown.length > 0)
  throw new Error(`no server ${unknown.join(', ')}: give ${servers.map(({ name }) => name).join(' or ')}`);

let isGood = true;
for (const server of servers)
  if (positionals.length === 0 || positionals.includes(server.name)) isGood = (await check(server)) && isGood;
if (!isGood) process.exitCode = 1;

async function check(server: Server): Promise<boolean> {
  const program = findProgram(server, join(root, '.cordon', 'third-party'), values.install);
  if (program === undefined) {
    say(
      `skipped ${server.name}: it is not installed; --install puts ${server.packages.join(' and ')} in .cordon/third-party`,
    );
    return true;
  }
  const gaps = readGaps(join(root, 'scripts', 'third-party', 'gaps.yml'), server.name);
  const outcomes: Outcome[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'cordon-third-party-'));
  say(`\n${server.name}`);
  const running = await startServer(server, program);
  try {
    await checkServer(server, running, folder, root, (outcome) => {
      outcomes.push(outcome);
      say(writeOutcome(outcome, gaps));
    });
  } finally {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const { unexpected, outdated } = judgeOutcomes(outcomes, gaps);
  for (const { step, what } of unexpected) say(`FAILED: ${step}: ${what} is no known gap`);
  for (const { step, what } of outdated)
    say(`FAILED: ${step}: ${what} is a listed gap that is no longer met: delete it`);
  const held = outcomes.filter(({ verdict }) => verdict === 'held').length;
  say(
    `${server.name}: ${held} held, ${outcomes.length - held - unexpected.length} known gaps, ${unexpected.length + outdated.length} failed`,
  );
  return unexpected.length + outdated.length === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
