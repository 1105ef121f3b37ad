import '../v8-flags';
import { UsageError } from '../config/arguments';
import { CredentialsError } from '../config/credentials';
import { type CommandLine, parseCommandLine, type Settings } from '../config/flags';
import { codeOf, host } from '../host';
import { createLog, type Log } from '../log';
import { createProblems } from '../problems';
import { collectOnce } from './once';
import { createDependencies, type RunningAgent, runAgent } from './run-agent';
import { runCheck } from './run-check';
import { openServiceManager } from './service-manager';

const exitFatal = 1;
const exitUsage = 2;

async function run(args: readonly string[]): Promise<void> {
  const commandLine = parse(args);
  if (commandLine.type === 'print') {
    host.writeOutput(commandLine.text);
    return;
  }
  const { settings } = commandLine;
  if (commandLine.type === 'check') {
    process.exitCode = await runCheck(settings, commandLine.json);
    return;
  }
  const log = createLog(settings.logLevel, writeLine, Date.now);
  if (settings.mode === 'once') {
    const report = await collectOnce(settings, createDependencies(settings, log, createProblems(log)));
    host.writeOutput(`${JSON.stringify(report, undefined, 2)}\n`);
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
    homeDirectory,
  });
}

/** A user without an entry in passwd has none, as in a container. */
function homeDirectory(): string {
  try {
    return host.homedir();
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
    return '/';
  }
}

/** A log that can't be written, because its disk is full or its reader is gone, ends no agent. */
function writeLine(line: string): void {
  try {
    host.writeError(line);
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
  }
}

function readSettings(args: readonly string[]): Settings {
  const commandLine = parse(args);
  if (commandLine.type !== 'run') throw new UsageError('the file of arguments no longer says to run');
  return commandLine.settings;
}

function stopOnSignals(agent: RunningAgent, log: Log): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // timeout(1) sends its signal to the process and to its group: the second must not end what the first began.
    if (isStopping) return;
    isStopping = true;
    log('info', 'stopping', { signal });
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, log),
    );
  };
  process.on('SIGTERM', stop);
  // A second Ctrl-C ends it at once.
  process.once('SIGINT', stop);
}

/** Half alive is worse than gone: a service manager starts a process that ended again. */
function exitOnFailure(log: Log): void {
  // Of a pipe or a terminal, the error comes later.
  process.stderr.on('error', () => undefined);
  process.on('uncaughtException', (error) => fail(error, log));
  process.on('unhandledRejection', (error) => fail(error, log));
  // The reader of a dry run went away.
  process.stdout.on('error', () => process.exit(exitFatal));
}

function fail(error: unknown, log: Log): never {
  const { message = String(error), stack } = (error ?? {}) as Partial<Error>;
  log('error', 'fatal', { reason: message, ...(stack && { stack }) });
  process.exit(exitFatal);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const isExpected = error instanceof CredentialsError || error instanceof UsageError;
  const text = isExpected ? error.message.replaceAll('\n', ' ') : String((error as Error)?.stack ?? error);
  writeLine(`cordon-agent: ${text}\n`);
  // A unit does not start an agent again whose command line is wrong.
  process.exit(error instanceof UsageError && !error.isPassing ? exitUsage : exitFatal);
});
