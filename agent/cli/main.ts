import '../v8-flags';
import { UsageError } from '../config/arguments';
import { CredentialsError } from '../config/credentials';
import { type CommandLine, parseCommandLine } from '../config/flags';
import type { Settings } from '../config/settings';
import { codeOf, host } from '../host';
import { createLog, type Log } from '../log';
import { createProblems } from '../problems';
import { collectOnce, explainStates } from './once';
import { createDependencies, type RunningAgent, runAgent } from './run-agent';
import { runCheck } from './run-check';
import { openServiceManager } from './service-manager';

const exitFatal = 1;
const exitUsage = 2;

async function run(args: readonly string[]): Promise<void> {
  explainLostOutput();
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
    for (const line of explainStates(report)) writeLine(`cordon-agent: ${line}\n`);
    return;
  }
  exitOnFailure(log);
  const agent = runAgent(settings, log, openServiceManager(process.env, process.pid, log));
  stopOnSignals(agent, log);
  process.on('SIGHUP', () => void agent.reload(() => readSettings(args)));
}

/** A reader that exits early, such as head, is not an error: the agent ends with the exit code of what it did. */
function explainLostOutput(): void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') return;
    writeLine(`cordon-agent: standard output can’t be written (${codeOf(error)})\n`);
    process.exit(exitFatal);
  });
  // On a pipe or a terminal, an error of a write arrives later.
  process.stderr.on('error', () => undefined);
}

function parse(args: readonly string[]): CommandLine {
  return parseCommandLine(args, {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    homeDirectory,
  });
}

/** A user without an entry in passwd, as in a container, has no home directory. */
function homeDirectory(): string {
  try {
    return host.homedir();
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
    return '/';
  }
}

/** The agent continues if it can't write its log, because the disk is full or the reader has exited. */
function writeLine(line: string): void {
  try {
    host.writeError(line);
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
  }
}

function readSettings(args: readonly string[]): Settings {
  const commandLine = parse(args);
  if (commandLine.type !== 'run')
    throw new UsageError(
      'the file of arguments now has a flag that ends the agent, such as --once; remove it',
    );
  return commandLine.settings;
}

function stopOnSignals(agent: RunningAgent, log: Log): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // timeout(1) signals the process and then its group: the second signal must not interrupt the stop.
    if (isStopping) return;
    isStopping = true;
    log('info', 'stopping', { signal });
    agent.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, log),
    );
  };
  process.on('SIGTERM', stop);
  // A second Ctrl-C ends the agent at once.
  process.once('SIGINT', stop);
}

/** Exits on an unexpected error: a service manager restarts a process that exits, but not one that hangs. */
function exitOnFailure(log: Log): void {
  process.on('uncaughtException', (error) => fail(error, log));
  process.on('unhandledRejection', (error) => fail(error, log));
  // The reader of a dry run has exited.
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
  // The unit does not restart an agent whose command line is wrong.
  process.exit(error instanceof UsageError && !error.isPassing ? exitUsage : exitFatal);
});
