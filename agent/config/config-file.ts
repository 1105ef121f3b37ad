import { dirname, resolve } from 'node:path';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { codeOf, host, readGiven } from '../host';
import { isPassing, UsageError } from './arguments';
import {
  parseBoolean,
  parseChoice,
  parseClientId,
  parseEndpoint,
  parseInteger,
  parsePath,
  parseThingName,
  parseVerbosity,
} from './flag-values';
import type { InterfaceChoice } from './interface-rules';
import { DefinitionError, type MetricDefinition } from './metric-definition';
import { findTooDeepLine, tooDeepFault } from './nesting';
import { parseMetrics } from './parse-metrics';

/** Where the package puts it. */
export const defaultConfigPath = '/etc/cordon-agent/config.yml';

const largestCharacters = 256 * 1024;

/** Reads the text of one field, or throws a UsageError that begins with `where`. */
type ReadField = (where: string, text: string) => unknown;

/** Field of the file -> its flag, and the parser of its text. */
const fields: Readonly<Record<string, readonly [flag: string, read: ReadField]>> = {
  endpoint: ['endpoint', parseEndpoint],
  rootCA: ['rootCA', parsePath],
  cert: ['cert', parsePath],
  key: ['key', parsePath],
  clientId: ['client_id', parseClientId],
  thingName: ['thing_name', parseThingName],
  interval: ['interval', (where, text) => parseInteger(where, 'seconds', 1, 86_400, text)],
  sampleInterval: ['sampleInterval', (where, text) => parseInteger(where, 'milliseconds', 10, 60_000, text)],
  format: ['format', (where, text) => parseChoice(where, ['json', 'cbor'], text)],
  shortTags: ['short_tags', parseBoolean],
  customMetrics: ['customMetrics', parseBoolean],
  reportTo: ['reportTo', (where, text) => parseChoice(where, ['cordon', 'device-defender', 'both'], text)],
  stateDirectory: ['stateDir', parsePath],
  connectTimeout: ['connectTimeout', (where, text) => parseInteger(where, 'seconds', 5, 600, text)],
  ackTimeout: ['ackTimeout', (where, text) => parseInteger(where, 'seconds', 5, 600, text)],
  keepAlive: ['keepAlive', (where, text) => parseInteger(where, 'seconds', 30, 1200, text)],
  cpuBudget: ['cpuBudget', (where, text) => parseInteger(where, 'percent', 1, 100, text)],
  verbosity: ['verbosity', parseVerbosity],
};

/** Their text is taken from the file unchanged: YAML would turn the name 007 into 7, and round a long serial number. */
const textFields: ReadonlySet<string> = new Set([
  'endpoint',
  'rootCA',
  'cert',
  'key',
  'clientId',
  'thingName',
  'stateDirectory',
]);

/** Flags whose values are paths. Relative ones start from the file's folder, so the folder can be copied. */
const pathFlags: readonly string[] = ['rootCA', 'cert', 'key', 'stateDir'];

/** Reads a configuration file as values of flags. UsageErrors name file, line and field. */
export function readConfigFile(path: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    // The agent runs its `exec` metrics, so anybody who can write the file can act as the agent.
    if ((host.statSync(path).mode & 0o002) !== 0)
      throw new UsageError(`${path}: must not be writable by everyone; chmod o-w it`);
    text = readGiven(path).toString();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: cannot read the configuration (${codeOf(error)})`, isPassing(error));
  }
  return Object.fromEntries(
    Object.entries(parseConfigFile(text, path)).map(([flag, value]) => [
      flag,
      pathFlags.includes(flag) ? resolve(dirname(path), String(value)) : value,
    ]),
  );
}

/** YAML, and so JSON too. */
export function parseConfigFile(text: string, path: string): Readonly<Record<string, unknown>> {
  if (text.length > largestCharacters) throw new UsageError(`${path}: too large for a configuration`);
  const tooDeep = findTooDeepLine(text);
  if (tooDeep !== undefined) throw new UsageError(`${path}:${tooDeep}: ${tooDeepFault}`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ lineCounter: lines, uniqueKeys: false, resolveKnownTags: false },
    // A pretty error quotes its line: with thousands of faults in one long line, they took seconds.
    prettyErrors: false,
  });
  const [error] = [...document.errors, ...document.warnings];
  if (error) throw new UsageError(`${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  const twice = findSecondKey(document.contents);
  if (twice !== undefined)
    throw new UsageError(`${path}:${lines.linePos(twice).line}: Map keys must be unique`);
  // A file with nothing but comments.
  if (document.contents === null) return {};
  if (!isMap(document.contents)) throw new UsageError(`${path}:1: must be fields, such as endpoint: HOST`);
  return Object.fromEntries(
    document.contents.items.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : '?';
      const { line } = lines.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
      const at = `${path}:${line}: `;
      const plain = isNode(value) ? toPlain(value, document, `${at}${name}`) : null;
      const isWritten = textFields.has(name) && isScalar(value) && plain !== null;
      return readField(at, name, isWritten ? (value.source ?? plain) : plain);
    }),
  );
}

/**
 * Finds a key that occurs twice. The yaml library compares each key with each other one, which took 50 s for one file.
 */
function findSecondKey(node: unknown): number | undefined {
  if (!isMap(node) && !isSeq(node)) return undefined;
  const keys = new Set<string>();
  for (const item of node.items) {
    const key: unknown = isMap(node) ? (item as Readonly<Record<'key', unknown>>).key : undefined;
    if (isScalar(key)) {
      // The key `<<` of YAML 1.1 is a symbol.
      const text = `${typeof key.value} ${String(key.value)}`;
      if (keys.has(text)) return key.range?.[0] ?? 0;
      keys.add(text);
    }
    const inner = isMap(node) ? (item as Readonly<Record<'value', unknown>>).value : item;
    const found = findSecondKey(key) ?? findSecondKey(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

function toPlain(value: Node, document: Document, where: string): unknown {
  try {
    // An alias bomb ends here: yaml refuses more than 100 expansions.
    return value.toJS(document, { maxAliasCount: 100 });
  } catch (error) {
    // So do an alias of nothing, and a `<<` of YAML 1.1 that merges what is no map.
    throw new UsageError(`${where}: ${(error as Error).message}`);
  }
}

function readField(at: string, name: string, value: unknown): readonly [flag: string, value: unknown] {
  if (name === 'metrics') return ['metrics', readMetrics(at, value)];
  if (name === 'interfaces') return ['interfaces', readInterfaces(`${at}interfaces`, value)];
  const where = at + JSON.stringify(name).slice(1, -1);
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field)
    throw new UsageError(
      `${where}: unknown; expected one of ${Object.keys(fields).join(', ')}, interfaces, metrics`,
    );
  const [flag, read] = field;
  if (typeof value === 'object') {
    throw new UsageError(
      `${where}: must be one value, not ${value === null ? 'nothing' : 'a list or an object'}`,
    );
  }
  return [flag, read(where, String(value))];
}

const namePattern = /^[^\s/:]{1,15}$/;

/** `{ include: [wwan0], exclude: ['vpn*'] }`: kernel names, and `*`. */
function readInterfaces(where: string, section: unknown): InterfaceChoice {
  if (typeof section !== 'object' || section === null || Array.isArray(section))
    throw new UsageError(`${where}: must be an object with include and exclude`);
  const other = Object.keys(section).find((key) => key !== 'include' && key !== 'exclude');
  if (other !== undefined)
    throw new UsageError(`${where}.${other}: unknown; expected one of include, exclude`);
  const read = (key: 'include' | 'exclude'): readonly string[] => {
    const names: unknown = (section as Readonly<Record<string, unknown>>)[key] ?? [];
    const isNames = (given: unknown): given is string[] =>
      Array.isArray(given) && given.every((name) => typeof name === 'string' && namePattern.test(name));
    if (isNames(names)) return names;
    throw new UsageError(`${where}.${key}: must be a list of interface names, with * for any characters`);
  };
  return { include: read('include'), exclude: read('exclude') };
}

function readMetrics(at: string, section: unknown): readonly MetricDefinition[] {
  try {
    return parseMetrics(section);
  } catch (error) {
    if (error instanceof DefinitionError) throw new UsageError(at + error.message);
    throw error;
  }
}
