import './memory-first';
import { homedir } from 'node:os';
import { UsageError } from './arguments';
import { runCheck } from './check/run-check';
import { CredentialsError } from './credentials';
import { type CommandLine, parseCommandLine, type Settings } from './flags';
import { createLog, type Log } from './log';
import { collectOnce } from './once';
import { type RunningAgent, runAgent, surround } from './run-agent';
import { openServiceManager } from './service-manager';
import { StateDirectoryError } from './state-file';

const exitFatal = 1;
const exitUsage = 2;

async function run(args: readonly string[]): Promise<void> {
  const commandLine = parse(args);
  if (commandLine.type === 'print') {
    process.stdout.write(commandLine.text);
    return;
  }
  const { settings } = commandLine;
  if (commandLine.type === 'check') {
    process.exitCode = await runCheck(settings, commandLine.json);
    return;
  }
  const log = createLog(settings.logLevel, (line) => process.stderr.write(line), Date.now);
  if (settings.mode === 'once') {
    const report = await collectOnce(settings, surround(settings, log));
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  exitOnFailure(log);
  const agent = runAgent(settings, log, openServiceManager(process.env, process.pid, log));
  stopOnSignals(agent, log);
  process.on('SIGHUP', () => void agent.reload(() => readSettings(args)));
}

function parse(args: readonly string[]): CommandLine {
  return parseCommandLine(args, {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    homeDirectory: homedir(),
  });
}

function readSettings(args: readonly string[]): Settings {
  const commandLine = parse(args);
  if (commandLine.type !== 'run') throw new UsageError('the file of arguments no longer says to run');
  return commandLine.settings;
}

function stopOnSignals(agent: RunningAgent, log: Log): void {
  const stop = (signal: NodeJS.Signals): void => {
    log('info', 'stopping', { signal });
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, log),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Half alive is worse than gone: a service manager starts a process that ended again. */
function exitOnFailure(log: Log): void {
  process.on('uncaughtException', (error) => fail(error, log));
  process.on('unhandledRejection', (error) => fail(error, log));
  // The reader of a dry run went away.
  process.stdout.on('error', () => process.exit(exitFatal));
}

function fail(error: unknown, log: Log): never {
  const stack = error instanceof StateDirectoryError ? undefined : (error as Error)?.stack;
  log('error', 'fatal', { reason: String((error as Error)?.message ?? error), ...(stack && { stack }) });
  process.exit(exitFatal);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const isExpected = error instanceof CredentialsError || error instanceof StateDirectoryError;
  const isUsage = error instanceof UsageError;
  const text = isExpected || isUsage ? (error as Error).message : String((error as Error)?.stack ?? error);
  process.stderr.write(`cordon-agent: ${text.replaceAll('\n', isExpected || isUsage ? ' ' : '\n')}\n`);
  process.exit(isUsage ? exitUsage : exitFatal);
});
