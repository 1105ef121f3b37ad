import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCountingBroker } from './agent/broker';
import { readAgentFlags } from './agent/flags';
import { measureAgents } from './agent/measure';
import { writeResult } from './agent/result';
import { UnexpectedEndError } from './agent/subject';

/*
 * Cordon's agent and another one in the same run: npm run bench:agent -- --help.
 * Exit code 0 only if Cordon's keeps within the bars of its design.
 */
const flags = readAgentFlags(process.argv.slice(2));
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error(`interrupted by ${name}`)));
// With --json the last line of standard output is the result, so that the rest goes beside it.
const progress = flags.json ? process.stderr : process.stdout;
const say = (text: string) => void progress.write(`${text}\n`);

function bundleAgent(folder: string): string {
  const bundle = join(folder, 'cordon-agent.cjs');
  const script = join(import.meta.dirname, '../infra/bundling/build-agent.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--outfile', bundle], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the agent could not be bundled: ${stderr}`);
  return bundle;
}

const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-agent-'));
try {
  const bundle = bundleAgent(folder);
  const broker = await startCountingBroker(folder);
  try {
    const result = await measureAgents({ flags, folder, bundle, broker, say, signal: stop.signal });
    say(`\n${writeResult(result)}`);
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    process.exitCode = result.problems.length === 0 ? 0 : 1;
  } finally {
    await broker.close();
  }
} catch (error) {
  const isUnexpectedEnd = error instanceof UnexpectedEndError;
  if (!stop.signal.aborted && !isUnexpectedEnd) throw error;
  const reason = isUnexpectedEnd ? error.message : String(stop.signal.reason);
  process.stderr.write(`${reason}; all that was started is stopped\n`);
  process.exitCode = isUnexpectedEnd ? 1 : 130;
} finally {
  await rm(folder, { recursive: true, force: true });
}
