import { fileNameOf } from '../text';
import { runsAnything } from './interpreters';
import {
  type ChildException,
  type Collect,
  collects,
  DefinitionError,
  type ExecDefinition,
  type MetricDefinition,
  type MetricType,
  type ProcessSelector,
} from './metric-definition';

/** CreateCustomMetric: 1 to 128 of these characters, and none of AWS's own prefix. */
const metricPattern = /^(?!aws:)[a-zA-Z0-9:_-]{1,128}$/;
/** systemd.unit(5): the unit types with processes of their own. */
const unitPattern = /^[a-zA-Z0-9:_.\\@-]{1,240}\.(?:service|scope)$/;
const longestPath = 4096;
const longestName = 255;
/** Default quota of custom metrics of an account. */
const mostMetrics = 100;
const mostArguments = 64;

/**
 * Reads the `metrics` section of a configuration file: metric name to how it is collected.
 * Throws a DefinitionError for the first thing that is wrong.
 */
export function parseMetrics(section: unknown, path = 'metrics'): readonly MetricDefinition[] {
  const entries = Object.entries(need(section, path, isRecord, 'an object of metric names'));
  if (entries.length > mostMetrics) throw new DefinitionError(`${path}: at most ${mostMetrics} metrics`);
  return entries.map(([metric, value]) => parseDefinition(metric, value, `${path}.${metric}`));
}

/** Reads one metric. */
export function parseDefinition(metric: string, value: unknown, path: string): MetricDefinition {
  if (!metricPattern.test(metric)) {
    throw new DefinitionError(`${path}: a metric has 1 to 128 of the characters a-z A-Z 0-9 : _ -`);
  }
  const fields = need(value, path, isRecord, 'an object, such as { collect: children, of: { name: myapp } }');
  const collect = need(
    fields.collect,
    `${path}.collect`,
    isCollect,
    `one of ${Object.keys(collects).join(', ')}`,
  );
  switch (collect) {
    case 'children':
    case 'child-names':
      refuseOthers(fields, path, ['collect', 'of', 'except']);
      return {
        metric,
        collect,
        of: parseSelector(fields.of, `${path}.of`),
        ...(fields.except !== undefined && { except: parseExceptions(fields.except, `${path}.except`) }),
      };
    case 'remote-addresses':
      refuseOthers(fields, path, ['collect', 'of']);
      return { metric, collect, of: parseSelector(fields.of, `${path}.of`) };
    case 'cpu-percent':
    case 'memory':
      refuseOthers(fields, path, ['collect', 'of']);
      return {
        metric,
        collect,
        ...(fields.of !== undefined && { of: parseSelector(fields.of, `${path}.of`) }),
      };
    case 'exec':
      return parseExec(metric, fields, path);
  }
}

function parseExec(metric: string, fields: Readonly<Record<string, unknown>>, path: string): ExecDefinition {
  refuseOthers(fields, path, ['collect', 'command', 'type', 'everySeconds', 'timeoutSeconds']);
  const [program, ...args] = need(
    fields.command,
    `${path}.command`,
    isCommand,
    `a list of the absolute path of a program and up to ${mostArguments} arguments`,
  );
  const type = need(
    fields.type ?? 'number',
    `${path}.type`,
    isMetricType,
    'number, number-list, string-list or ip-address-list',
  );
  const everySeconds = parseSeconds(fields.everySeconds ?? 60, `${path}.everySeconds`, 86_400);
  const timeoutSeconds = parseSeconds(fields.timeoutSeconds ?? 5, `${path}.timeoutSeconds`, 60);
  return { metric, collect: 'exec', command: [program, ...args], type, everySeconds, timeoutSeconds };
}

function parseSelector(value: unknown, path: string): ProcessSelector {
  const fields = need(value, path, isRecord, 'an object with one of name, executable, unit, script');
  const [key, ...more] = Object.keys(fields);
  if (key === undefined || more.length > 0)
    throw new DefinitionError(`${path}: give one of name, executable, unit, script`);
  const text = fields[key];
  switch (key) {
    case 'name':
      return { name: need(text, `${path}.name`, isFileName, 'the file name of a program, without a path') };
    case 'executable':
      return { executable: need(text, `${path}.executable`, isPath, 'the absolute path of a program') };
    case 'unit':
      return { unit: need(text, `${path}.unit`, isUnit, 'a systemd unit, such as myapp.service') };
    case 'script':
      return { script: need(text, `${path}.script`, isScript, 'a file name or an absolute path') };
    default:
      throw new DefinitionError(`${path}.${key}: unknown; give one of name, executable, unit, script`);
  }
}

const mostExceptions = 32;

function parseExceptions(value: unknown, path: string): readonly ChildException[] {
  const isExceptions = (given: unknown): given is readonly unknown[] =>
    Array.isArray(given) && given.length > 0 && given.length <= mostExceptions;
  const list = need(value, path, isExceptions, `a list of 1 to ${mostExceptions} exceptions`);
  return list.map((one, index) => parseException(one, `${path}[${index}]`));
}

function parseException(value: unknown, path: string): ChildException {
  const fields = need(
    value,
    path,
    isRecord,
    'an object such as { executable: /usr/bin/curl, arguments: [-V] }',
  );
  refuseOthers(fields, path, ['executable', 'arguments']);
  const executable = need(fields.executable, `${path}.executable`, isPath, 'the absolute path of a program');
  if (fields.arguments === undefined) {
    if (runsAnything(fileNameOf(executable)))
      throw new DefinitionError(
        `${path}.arguments: needed: ${executable} runs other programs by its arguments, so list them`,
      );
    return { executable };
  }
  const args = need(fields.arguments, `${path}.arguments`, isArguments, 'a list of texts; * is any one');
  if (runsAnything(fileNameOf(executable)) && args.includes('*'))
    throw new DefinitionError(
      `${path}.arguments: no * for ${executable}, which runs other programs by its arguments; write each argument`,
    );
  return { executable, arguments: args };
}

function parseSeconds(value: unknown, path: string, most: number): number {
  const isSeconds = (one: unknown): one is number =>
    typeof one === 'number' && Number.isSafeInteger(one) && one >= 1 && one <= most;
  return need(value, path, isSeconds, `a whole number of seconds from 1 to ${most}`);
}

function refuseOthers(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  known: readonly string[],
): void {
  const other = Object.keys(fields).find((key) => !known.includes(key));
  if (other !== undefined)
    throw new DefinitionError(`${path}.${other}: unknown; expected one of ${known.join(', ')}`);
}

function need<T>(value: unknown, path: string, is: (value: unknown) => value is T, what: string): T {
  if (is(value)) return value;
  throw new DefinitionError(`${path}: must be ${what}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCollect(value: unknown): value is Collect {
  return typeof value === 'string' && Object.hasOwn(collects, value);
}

function isText(value: unknown, most: number): value is string {
  return (
    typeof value === 'string' && value !== '' && !value.includes('\0') && Buffer.byteLength(value) <= most
  );
}

function isFileName(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return isText(value, longestName) && !/[/\u0000-\u001f\u007f]/.test(value);
}

function isPath(value: unknown): value is string {
  return isText(value, longestPath) && value.startsWith('/') && !value.endsWith('/');
}

function isScript(value: unknown): value is string {
  return isFileName(value) || isPath(value);
}

function isUnit(value: unknown): value is string {
  return typeof value === 'string' && unitPattern.test(value);
}

function isCommand(value: unknown): value is readonly [string, ...string[]] {
  return Array.isArray(value) && isPath(value[0]) && isArguments(value.slice(1));
}

function isMetricType(value: unknown): value is MetricType {
  return (
    value === 'number' || value === 'number-list' || value === 'string-list' || value === 'ip-address-list'
  );
}

function isArguments(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= mostArguments &&
    value.every((one) => one === '' || isText(one, longestPath))
  );
}
