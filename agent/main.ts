import { homedir } from 'node:os';
import { type Agent, type AgentSurroundings, startAgent, startDryRun } from './agent';
import { UsageError } from './arguments';
import { agentVersion } from './build-constants';
import { CredentialsError, loadCredentials } from './credentials';
import { parseCommandLine, type Settings } from './flags';
import { createLog, type Log } from './log';
import { createChildSampler } from './metrics/child-sampler';
import { createProcReader } from './metrics/proc-reader';
import { sampleSystem } from './metrics/system';
import { createUserNames } from './metrics/user-names';
import { collectOnce } from './once';
import { nextReportId, openReportIds, type ReportIds, StateDirectoryError } from './report-id';

const exitFatal = 1;
const exitUsage = 2;

async function run(args: readonly string[]): Promise<void> {
  const commandLine = parseCommandLine(args, {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    homeDirectory: homedir(),
  });
  if (commandLine.type === 'print') {
    process.stdout.write(commandLine.text);
    return;
  }
  const { settings } = commandLine;
  const log = createLog(settings.logLevel, (line) => process.stderr.write(line), Date.now);
  if (settings.unknownMetrics.length > 0)
    log('warn', 'metrics-unknown', { metrics: settings.unknownMetrics });
  if (settings.mode === 'once') {
    const report = await collectOnce(settings, surround(settings, log, volatileReportIds()));
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  exitOnFailure(log);
  const agent = start(settings, log);
  log('info', 'started', describe(settings));
  stopOnSignals(agent, log);
}

function start(settings: Settings, log: Log): Agent {
  if (settings.mode === 'dryrun' || !settings.connection) {
    return startDryRun(settings, surround(settings, log, volatileReportIds()), (report) => {
      process.stdout.write(`${JSON.stringify(report)}\n`);
    });
  }
  const warn = (problem: string): void => log('warn', 'warning', { problem });
  const credentials = loadCredentials(settings.connection, Date.now(), warn);
  const reportIds = openReportIds(settings.stateDirectory, settings.connection.thingName, warn);
  return startAgent(settings, credentials, surround(settings, log, reportIds));
}

function surround(settings: Settings, log: Log, reportIds: ReportIds): AgentSurroundings {
  const proc = createProcReader();
  const options = { users: createUserNames(), wallClock: Date.now, ownPid: process.pid };
  return {
    sampler: createChildSampler(proc, settings.watched, options),
    sampleSystem: () => sampleSystem(proc),
    reportIds,
    log,
    clock: () => performance.now(),
    wallClock: Date.now,
    random: Math.random,
  };
}

/** Reports that are only printed need no id that outlives the run. */
function volatileReportIds(): ReportIds {
  let last = 0;
  return {
    next: (now) => {
      last = nextReportId(last, now);
      return last;
    },
  };
}

function describe(settings: Settings): Readonly<Record<string, unknown>> {
  return {
    version: agentVersion,
    pid: process.pid,
    mode: settings.mode,
    thingName: settings.connection?.thingName,
    destinations: settings.destinations,
    intervalSeconds: settings.intervalMs / 1000,
    metrics: settings.watched.map(({ metric }) => metric),
  };
}

function stopOnSignals(agent: Agent, log: Log): void {
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
