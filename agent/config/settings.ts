import { join } from 'node:path';
import type { LogLevel } from '../log';
import type { Destination, ReportFormat, ReportNames } from '../topics';
import { UsageError } from './arguments';
import { type Endpoint, parseThingName } from './flag-values';
import { allInterfaces, type InterfaceChoice } from './interface-rules';
import type { LinkTiming } from './link-timing';
import type { MetricDefinition } from './metric-definition';
import { definitionByName } from './metric-names';

/** How to reach the broker. */
export interface ConnectionSettings {
  readonly endpoint: Endpoint;
  readonly rootCaPath: string;
  readonly certPath: string;
  readonly keyPath: string;
  readonly clientId: string;
  readonly thingName: string;
  readonly timing: LinkTiming;
}

export interface Settings {
  /** `once` prints one report, `dryrun` prints each report; neither connects. */
  readonly mode: 'report' | 'dryrun' | 'once';
  readonly connection?: ConnectionSettings;
  readonly intervalMs: number;
  readonly sampleIntervalMs: number;
  readonly format: ReportFormat;
  readonly names: ReportNames;
  readonly destinations: readonly Destination[];
  readonly metrics: readonly MetricDefinition[];
  /** Default metrics that this agent can't collect. */
  readonly unknownMetrics: readonly string[];
  readonly stateDirectory: string;
  /** Percent of one core. */
  readonly cpuBudgetPercent: number;
  readonly interfaces: InterfaceChoice;
  readonly logLevel: LogLevel;
}

/** The command line and the configuration file, each value checked by itself. */
export interface Flags {
  config?: string;
  endpoint?: Endpoint;
  rootCA?: string;
  cert?: string;
  key?: string;
  client_id?: string;
  thing_name?: string;
  interval: number;
  format: ReportFormat;
  short_tags?: boolean;
  customMetrics?: boolean;
  includeCustomMetrics?: boolean;
  dryrun?: boolean;
  verbosity: LogLevel;
  reportTo: 'cordon' | 'device-defender' | 'both';
  childrenOf: readonly MetricDefinition[];
  sampleInterval: number;
  stateDir?: string;
  cpuBudget: number;
  connectTimeout: number;
  ackTimeout: number;
  keepAlive: number;
  allowFastReports?: boolean;
  once?: boolean;
  print?: boolean;
  /** For `check` only. */
  json?: boolean;
  /** Only the configuration file can have it. */
  interfaces?: InterfaceChoice;
  metrics?: readonly MetricDefinition[];
}

export const defenderFloorSeconds = 300;

export interface Dependencies {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly homeDirectory: () => string;
}

/** The settings of all flags together. Throws a UsageError that names the flag. */
export function toSettings(flags: Flags, dependencies: Dependencies, metrics: readonly string[]): Settings {
  if (flags.once !== flags.print) throw new UsageError('--once, --print: give both to print one report');
  const destinations = destinationsOf(flags.reportTo);
  const tooFast = destinations.includes('device-defender') && flags.interval < defenderFloorSeconds;
  if (tooFast && !flags.allowFastReports) {
    throw new UsageError(
      `--interval: Device Defender takes at most one report in ${defenderFloorSeconds} s; give that or more`,
    );
  }
  const mode = flags.once ? 'once' : flags.dryrun ? 'dryrun' : 'report';
  const isDefault = flags.customMetrics === true || flags.includeCustomMetrics === true;
  const wanted = isDefault ? metrics : [];
  return {
    mode,
    ...(mode === 'report' && { connection: toConnection(flags) }),
    intervalMs: flags.interval * 1000,
    sampleIntervalMs: flags.sampleInterval,
    format: flags.format,
    names: flags.short_tags ? 'short' : 'long',
    destinations,
    metrics: definitionsOf(wanted, flags.metrics ?? [], flags.childrenOf),
    unknownMetrics: wanted.filter(
      (metric) => !definitionByName(metric) && !flags.metrics?.some((one) => one.metric === metric),
    ),
    cpuBudgetPercent: flags.cpuBudget,
    interfaces: flags.interfaces ?? allInterfaces,
    stateDirectory: flags.stateDir ?? defaultStateDirectory(dependencies),
    logLevel: flags.verbosity,
  };
}

/** A definition in the file overrides what the metric's name implies. */
function definitionsOf(
  wanted: readonly string[],
  defined: readonly MetricDefinition[],
  children: readonly MetricDefinition[],
): readonly MetricDefinition[] {
  const byName = wanted.flatMap((metric) => definitionByName(metric) ?? []);
  const definitions = [...byName, ...defined, ...children];
  return [...new Map(definitions.map((one) => [one.metric, one])).values()];
}

function destinationsOf(reportTo: Flags['reportTo']): readonly Destination[] {
  return reportTo === 'both' ? ['cordon', 'device-defender'] : [reportTo];
}

function toConnection(flags: Flags): ConnectionSettings {
  const clientId = need('-id/--client_id', flags.client_id);
  return {
    endpoint: need('-e/--endpoint', flags.endpoint),
    rootCaPath: need('-r/--rootCA', flags.rootCA),
    certPath: need('-c/--cert', flags.cert),
    keyPath: need('-k/--key', flags.key),
    clientId,
    timing: {
      connectTimeoutMs: flags.connectTimeout * 1000,
      acknowledgeTimeoutMs: flags.ackTimeout * 1000,
      keepAliveSeconds: flags.keepAlive,
    },
    thingName:
      flags.thing_name ?? parseThingName('--client_id (also the thing name, without --thing_name)', clientId),
  };
}

function need<T>(flag: string, value: T | undefined): T {
  if (value === undefined) throw new UsageError(`${flag}: required (or use --dryrun, or --once --print)`);
  return value;
}

/** systemd's StateDirectory= first, then the XDG base directories; root is a system service. */
function defaultStateDirectory({ env, isRoot, homeDirectory }: Dependencies): string {
  const fromSystemd = env.STATE_DIRECTORY?.split(':')[0];
  if (fromSystemd) return fromSystemd;
  if (isRoot) return '/var/lib/cordon-agent';
  return join(env.XDG_STATE_HOME || join(homeDirectory(), '.local', 'state'), 'cordon-agent');
}
