import { agentVersion } from '../build-constants';
import { type Credentials, loadCredentials } from '../config/credentials';
import { createInterfaceRule, type InterfaceRule } from '../config/interface-rules';
import type { ConnectionSettings, Settings } from '../config/settings';
import type { ReportingDependencies } from '../delivery/dependencies';
import { countRestarts, type Restarts } from '../delivery/restarts';
import { openSpool } from '../delivery/spool';
import { codeOf, host } from '../host';
import type { Log } from '../log';
import { createMetricSampler } from '../metrics/metric-sampler';
import { sampleSystem } from '../metrics/system';
import { createTrafficMeter, type TrafficMeter } from '../metrics/traffic';
import { watchCertificate } from '../mqtt/certificate-watch';
import { watchContainment } from '../mqtt/containment';
import { createProblems, type Problems } from '../problems';
import { createProcReader, type ProcReader } from '../proc/proc-reader';
import { createUserNames } from '../proc/user-names';
import { type CpuBudget, createCpuBudget } from '../processes/cpu-budget';
import { countReportIds, type NewestId, openReportIds } from '../report/report-id';
import { openStateFile } from '../state-file';
import { type Agent, type AgentDependencies, startAgent, startDryRun } from './agent';
import { type Carried, carryOver, takeOver } from './carry-over';
import type { ServiceManager } from './service-manager';

/** An agent that was started from settings, and can be restarted from others. */
export interface RunningAgent {
  /** Switches to the settings that `read` returns; if they are wrong, keeps the present ones. */
  reload(read: () => Settings): Promise<void>;
  stop(): Promise<void>;
}

/** A test's replacements for parts of the machine. */
export interface Means {
  readonly openLink?: AgentDependencies['openLink'];
  readonly proc?: () => ProcReader;
}

export function runAgent(
  first: Settings,
  log: Log,
  manager: ServiceManager,
  means: Means = {},
): RunningAgent {
  let settings = first;
  const lasting: Lasting = {
    newestIds: new Map(),
    restartsOf: new Map(),
    meter: openMeter(first, means),
  };
  const prepareNext = (next: Settings) => prepare(next, log, manager, means, lasting);
  let agent = prepareNext(settings)();
  log('info', 'started', describe(settings));
  manager.ready();
  /** One at a time: a stop waits for a reload. */
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    turn = turn.then(act);
    return turn;
  };
  return {
    reload: (read) =>
      inTurn(async () => {
        let next: Settings;
        let start: (carried?: Carried) => Agent;
        try {
          next = read();
          start = prepareNext(next);
        } catch (error) {
          log('error', 'reload-failed', { reason: (error as Error).message });
          return;
        }
        const waiting = await agent.stop();
        const before = settings;
        settings = next;
        agent = start(carryOver(waiting, before, next, log));
        log('info', 'reloaded', describe(settings));
      }),
    stop: () =>
      inTurn(async () => {
        manager.stopping();
        await agent.stop();
      }),
  };
}

/** The parts of the agent that survive a reload. */
interface Lasting {
  readonly newestIds: Map<string, NewestId>;
  readonly restartsOf: Map<string, Restarts>;
  readonly meter: TrafficMeter;
}

function openProc({ proc = createProcReader }: Means): ProcReader {
  return proc();
}

const openSys = (): ProcReader => createProcReader('/sys/class/net');

function interfaceRule({ interfaces }: Settings, means: Means): InterfaceRule {
  return createInterfaceRule(openProc(means), openSys(), interfaces);
}

function openMeter(settings: Settings, means: Means): TrafficMeter {
  return createTrafficMeter(openProc(means), openSys(), interfaceRule(settings, means));
}

/** Does everything that can fail, and returns the function that starts the agent. */
function prepare(
  settings: Settings,
  log: Log,
  manager: ServiceManager,
  means: Means,
  lasting: Lasting,
): (carried?: Carried) => Agent {
  const { connection } = settings;
  const problems = createProblems(log);
  const { meter } = lasting;
  const dependencies = createDependencies(settings, log, problems, meter, manager, means);
  if (settings.mode === 'dryrun' || !connection) {
    return () =>
      startDryRun(settings, dependencies, (report) => host.writeOutput(`${JSON.stringify(report)}\n`));
  }
  const told = new Set<string>();
  const warn = (problem: string): void => {
    if (!told.has(problem)) log('warn', 'warning', { problem });
    told.add(problem);
  };
  const certificate = watchCertificate(log);
  const readCredentials = keepReading(connection, warn, certificate.note);
  const { stateDirectory } = settings;
  const thing = connection.thingName;
  const newest = lasting.newestIds.get(thing) ?? { id: 0 };
  lasting.newestIds.set(thing, newest);
  const reportIds = openReportIds(stateDirectory, connection.thingName, problems, newest);
  const containment = watchContainment(
    openStateFile(stateDirectory, connection.thingName, 'containment', problems),
    log,
  );
  const whole: AgentDependencies = {
    ...dependencies,
    ...(means.openLink && { openLink: means.openLink }),
    reportIds,
    containment,
    readCredentials,
    random: Math.random,
    onConnection: manager.status,
    onTick: () => {
      dependencies.onTick?.();
      certificate.look(Date.now());
    },
  };
  const spool = openSpool(stateDirectory, thing, problems);
  const restarts = lasting.restartsOf.get(thing) ?? countRestarts(stateDirectory, thing, problems);
  lasting.restartsOf.set(thing, restarts);
  return (carried) => {
    meter.use(interfaceRule(settings, means));
    const left = takeOver(carried, settings, spool, newest);
    return startAgent(settings, { ...whole, spool, restarts, budget: openBudget(settings, whole) }, left);
  };
}

function openBudget({ cpuBudgetPercent }: Settings, { sampler, problems }: AgentDependencies): CpuBudget {
  let ownMs = 0;
  return createCpuBudget(cpuBudgetPercent, () => {
    try {
      const { user, system } = host.cpuUsage();
      ownMs = (user + system) / 1000;
      problems.end('cpu');
    } catch (error) {
      if (codeOf(error) === 'no code') throw error;
      problems.note(
        'cpu',
        `cannot read its own processor time (${codeOf(error)}); continuing without a budget`,
      );
    }
    return ownMs + sampler.helpersMs();
  });
}

/** Throws at the first reading. Later, while somebody replaces the files, the last ones that matched stay in use. */
function keepReading(
  connection: ConnectionSettings,
  warn: (problem: string) => void,
  onRead: (expiresAt: number) => void,
): () => Credentials {
  const load = (): Credentials => {
    const credentials = loadCredentials(connection, Date.now(), warn);
    onRead(credentials.expiresAt);
    return credentials;
  };
  let last = load();
  return () => {
    try {
      last = load();
    } catch (error) {
      warn(`${(error as Error).message}; continuing with what was read before`);
    }
    return last;
  };
}

export function createDependencies(
  settings: Settings,
  log: Log,
  problems: Problems,
  meter = openMeter(settings, {}),
  manager?: ServiceManager,
  means: Means = {},
): ReportingDependencies {
  const proc = openProc(means);
  const options = { users: createUserNames(), wallClock: Date.now, ownPid: process.pid };
  return {
    sampler: createMetricSampler(proc, settings.metrics, options),
    meter,
    sampleSystem: () => sampleSystem(proc, meter),
    reportIds: countReportIds(),
    problems,
    log,
    clock: () => performance.now(),
    wallClock: Date.now,
    onTick: () => manager?.alive(performance.now()),
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
    metrics: settings.metrics.map(({ metric }) => metric),
    ...(settings.unknownMetrics.length > 0 && { unknownMetrics: settings.unknownMetrics }),
  };
}
