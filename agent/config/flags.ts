import { Command, CommanderError, Option } from 'commander';
import { agentVersion, defaultMetrics } from '../build-constants';
import { codeOf, host } from '../host';
import { expandArguments, UsageError } from './arguments';
import { defaultConfigPath, readConfigFile } from './config-file';
import {
  parseChoice,
  parseClientId,
  parseEndpoint,
  parseInteger,
  parseThingName,
  parseVerbosity,
} from './flag-values';
import { DefinitionError, type MetricDefinition } from './metric-definition';
import { childrenOf } from './metric-names';
import { type Dependencies, defenderFloorSeconds, type Flags, type Settings, toSettings } from './settings';

export type CommandLine =
  | { readonly type: 'run'; readonly settings: Settings }
  | { readonly type: 'check'; readonly settings: Settings; readonly json: boolean }
  | { readonly type: 'print'; readonly text: string };

/** Reads the command line, or throws a UsageError that names the flag. */
export function parseCommandLine(
  args: readonly string[],
  dependencies: Dependencies,
  metrics: readonly string[] = defaultMetrics,
): CommandLine {
  let printed = '';
  const command = defineFlags((text) => {
    printed += text;
  });
  const isCheck = args[0] === 'check';
  if (isCheck) command.option('--json', 'print the findings as JSON');
  try {
    command.parse(expandArguments(isCheck ? args.slice(1) : args), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { type: 'print', text: printed };
    if (error instanceof CommanderError) {
      throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
    }
    throw error;
  }
  const [stray] = command.args;
  if (stray !== undefined)
    throw new UsageError(
      `${JSON.stringify(stray)}: belongs to no flag; the one command is "check", and comes first`,
    );
  const flags = withConfigFile(command);
  const settings = toSettings(flags, dependencies, metrics);
  if (!isCheck) return { type: 'run', settings };
  if (!settings.connection)
    throw new UsageError('check: tests the connection, so leave out --dryrun and --once');
  return { type: 'check', settings, json: flags.json === true };
}

/** Flags override the file. With --endpoint, the agent does not look for the default file. */
function withConfigFile(command: Command): Flags {
  const flags = command.opts<Flags>();
  const byDefault =
    flags.endpoint === undefined && isThere(defaultConfigPath) ? defaultConfigPath : undefined;
  const path = flags.config ?? byDefault;
  if (path === undefined) return flags;
  const isGiven = (flag: string): boolean => command.getOptionValueSource(flag) === 'cli';
  const fromFile = Object.entries(readConfigFile(path)).filter(([flag]) => !isGiven(flag));
  return { ...flags, ...Object.fromEntries(fromFile) };
}

/** True also if the file can't be examined: reading it then fails with the reason. */
function isThere(path: string): boolean {
  try {
    host.statSync(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(codeOf(error));
  }
}

function defineFlags(write: (text: string) => void): Command {
  return new Command('cordon-agent')
    .usage('[check] [options]')
    .description(
      'Reports to AWS IoT what a device does: children of a named process, ports, connections, traffic.',
    )
    .option(
      '--config <file>',
      `configuration file, which flags override (default: ${defaultConfigPath}, without --endpoint)`,
    )
    .option('-e, --endpoint <host[:port]>', 'the broker (default port: 8883)', (text) =>
      parseEndpoint('--endpoint', text),
    )
    .option('-r, --rootCA <file>', 'CA certificates that the agent trusts for the broker')
    .option('-c, --cert <file>', "the device's certificate")
    .option('-k, --key <file>', "the device's private key")
    .option('--client_id <id>', 'MQTT client id (also -id)', (text) => parseClientId('--client_id', text))
    .option('-t, --thing_name <name>', 'thing name (default: the client id)', (text) =>
      parseThingName('--thing_name', text),
    )
    .option(
      '-i, --interval <seconds>',
      'time between reports',
      wholeNumber('--interval', 'seconds', 1, 86_400),
      300,
    )
    .option(
      '-f, --format <format>',
      'json or cbor',
      (text) => parseChoice('--format', ['json', 'cbor'], text),
      'json',
    )
    .option('-s, --short_tags', 'short names in reports')
    .option('--custom-metrics', 'collect the custom metrics that the agent was built with (also -cm)')
    .option('--include-custom-metrics', 'same as --custom-metrics')
    .option('-d, --dryrun', 'print the reports and do not connect')
    .option('--verbosity <level>', 'NoLogs to Trace', (text) => parseVerbosity('--verbosity', text), 'info')
    .option(
      '--report-to <where>',
      'cordon, device-defender or both',
      (text) => parseChoice('--report-to', ['cordon', 'device-defender', 'both'], text),
      'cordon',
    )
    .addOption(
      new Option(
        '--children-of <name>',
        'report the children of processes of this name as num_child_procs_NAME; can be repeated',
      )
        .argParser((text, before: readonly MetricDefinition[]) => addChildren(text, before))
        .default([], 'none'),
    )
    .option(
      '--sample-interval <ms>',
      'time between two samples of the processes',
      wholeNumber('--sample-interval', 'milliseconds', 10, 60_000),
      100,
    )
    .option(
      '--connect-timeout <seconds>',
      'limit for a connection attempt, with TLS and MQTT',
      wholeNumber('--connect-timeout', 'seconds', 5, 600),
      60,
    )
    .option(
      '--ack-timeout <seconds>',
      'limit for the acknowledgement of a report; then the agent connects again',
      wholeNumber('--ack-timeout', 'seconds', 5, 600),
      60,
    )
    .option(
      '--keep-alive <seconds>',
      'time between two pings; must be shorter than the timeout of a NAT device on the way',
      wholeNumber('--keep-alive', 'seconds', 30, 1200),
      120,
    )
    .option(
      '--cpu-budget <percent>',
      'limit of one core; the agent samples less often to keep it',
      wholeNumber('--cpu-budget', 'percent', 1, 100),
      2,
    )
    .option('--state-dir <folder>', 'folder for report ids and undelivered reports')
    .option(
      '--allow-fast-reports',
      `allow Device Defender reports under ${defenderFloorSeconds} s (local stack only)`,
    )
    .option('--once', 'with --print: collect one report, print it and exit')
    .option('--print', 'with --once: print the report')
    .version(agentVersion)
    .addHelpText(
      'after',
      '\n@FILE reads arguments from a file, one on each line.\n`cordon-agent check [--json]` with the same flags tests the connection and says what is wrong.',
    )
    .allowExcessArguments(true)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined });
}

function addChildren(name: string, before: readonly MetricDefinition[]): readonly MetricDefinition[] {
  try {
    return [...before, childrenOf(name)];
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    throw new UsageError(`--children-of: ${error.message}`);
  }
}

function wholeNumber(flag: string, unit: string, least: number, most: number): (text: string) => number {
  return (text) => parseInteger(flag, unit, least, most, text);
}
