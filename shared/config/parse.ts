import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Fault } from './fault';
import { findFaults } from './find-faults';
import { nameParameters, type Parameters, putParameters } from './parameters';
import { type FileConfiguration, fileSchema } from './schema';
import { explainIssue } from './schema-faults';
import { readYaml, YamlError } from './yaml';

/** cordon.yml is wrong: one line for each error, `file:line: where: what is expected`. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[], cause?: unknown) {
    super(faults.join('\n'), { cause });
    this.faults = faults;
  }
}

/** There is no cordon.yml to read, so nothing is known about its text. */
export class UnreadableFileError extends ConfigurationError {}

/** Validates the text of a cordon.yml with the parameters that replace values in it. Throws ConfigurationError. */
export function parseConfiguration(
  text: string,
  file: string,
  parameters: Parameters = {},
): FileConfiguration {
  const { value: written, document, lines } = readText(text, file);
  refuseProto(document, lines, file);
  const say = ({ path, message }: Fault) =>
    `${file}:${findLine(document, lines, path)}: ${writePath(path)}: ${message}`;
  const { configuration, faults } = validate(putParameters(written, parameters));
  if (configuration) return configuration;
  const own = new Set(validate(written).faults.map(say));
  throw new ConfigurationError(
    faults.map((fault) => {
      const [parameter] = nameParameters(parameters, fault.path);
      if (parameter) return `parameter ${parameter}: ${fault.message}`;
      const text = say(fault);
      // The value in the file is right, so the error names the parameter.
      return own.has(text) ? text : `with ${nameParameters(parameters).join(' and ')}: ${text}`;
    }),
  );
}

const ofFile = { nesting: 'the file ', syntax: '', aliases: 'the file: ' } as const;

function readText(text: string, file: string): ReturnType<typeof readYaml> {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new ConfigurationError(
      error.faults.map(({ line, of, message }) => `${file}:${line}: ${ofFile[of]}${message}`),
      error,
    );
  }
}

/** A security profile of this name would be dropped without an error. */
function refuseProto(document: Document.Parsed, lines: LineCounter, file: string): void {
  const faults: string[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__' && key.range)
        faults.push(`${file}:${lines.linePos(key.range[0]).line}: __proto__: this file can't have this name`);
    },
  });
  if (faults.length > 0) throw new ConfigurationError(faults);
}

interface Validated {
  readonly configuration?: FileConfiguration;
  readonly faults: readonly Fault[];
}

function validate(value: unknown): Validated {
  const { success, data, error } = fileSchema.safeParse(value);
  if (!success) return { faults: error.issues.flatMap(explainIssue) };
  const faults = findFaults(data);
  return faults.length > 0 ? { faults } : { configuration: data, faults };
}

const knownPairs = new WeakMap<YAMLMap, ReadonlyMap<unknown, Pair>>();

/** The pairs of a map by key, so that the faults of a large one are found in one pass. */
function pairsOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
  const pairs =
    knownPairs.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) && pair.key.value, pair]));
  knownPairs.set(map, pairs);
  return pairs;
}

/** The line of the value at `path`, or of the nearest thing above it that exists. */
function findLine(document: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number {
  let at = 0;
  let parent: unknown = document.contents;
  for (const key of path) {
    const pair = isMap(parent) ? pairsOf(parent).get(key) : undefined;
    const value: unknown = pair ? pair.value : isSeq(parent) ? parent.items[Number(key)] : undefined;
    const [start] = rangeOf(pair?.key) ?? rangeOf(value) ?? [];
    if (start === undefined) break;
    at = start;
    parent = value;
  }
  return at === 0 ? 1 : lines.linePos(at).line;
}

function rangeOf(node: unknown): Node['range'] {
  return isNode(node) ? node.range : undefined;
}

function writePath(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the file' : path.join('.');
}
