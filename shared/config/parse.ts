import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Fault } from './fault';
import { findFaults } from './find-faults';
import { findTooDeepLine, tooDeepFault } from './nesting';
import { nameParameters, type Parameters, putParameters } from './parameters';
import { type FileConfiguration, fileSchema } from './schema';
import { explainIssue } from './schema-faults';

/** cordon.yml is wrong: one line for each error, `file:line: where: what is expected`. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];

  /** `cause`: of a file that can't be read at all. */
  constructor(faults: readonly string[], cause?: unknown) {
    super(faults.join('\n'), { cause });
    this.faults = faults;
  }
}

/** Validates the text of a cordon.yml with the parameters that replace values in it. Throws ConfigurationError. */
export function parseConfiguration(
  text: string,
  file: string,
  parameters: Parameters = {},
): FileConfiguration {
  const tooDeep = findTooDeepLine(text);
  if (tooDeep !== undefined) throw new ConfigurationError([`${file}:${tooDeep}: the file ${tooDeepFault}`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const broken = [
    ...document.errors.map(({ message, pos }) => ({ at: pos[0], message })),
    ...findRepeatedKeys(document).map((at) => ({ at, message: 'Map keys must be unique' })),
  ].toSorted((one, other) => one.at - other.at);
  if (broken.length > 0)
    throw new ConfigurationError(
      broken.map(({ at, message }) => `${file}:${lines.linePos(at).line}: ${message}`),
    );
  refuseProto(document, lines, file);
  const say = ({ path, message }: Fault) =>
    `${file}:${findLine(document, lines, path)}: ${writePath(path)}: ${message}`;
  const written = toPlain(document, lines, file);
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

/** Where keys stand again. By yaml's own comparison of each with each, a map of 40,000 took minutes. */
function findRepeatedKeys(document: Document.Parsed): number[] {
  const repeated: number[] = [];
  visit(document, {
    Map(_, { items }) {
      const known = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (known.has(key.value)) repeated.push(key.range?.[0] ?? 0);
        known.add(key.value);
      }
    },
  });
  return repeated;
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

/** An alias bomb ends here: yaml refuses more than 100 expansions. So does an alias of nothing. */
function toPlain(document: Document.Parsed, lines: LineCounter, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const places: { readonly at: number; readonly isOfNothing: boolean }[] = [];
    visit(document, {
      Alias(_, alias) {
        places.push({ at: alias.range?.[0] ?? 0, isOfNothing: alias.resolve(document) === undefined });
      },
    });
    const { at = 0 } = places.find(({ isOfNothing }) => isOfNothing) ?? places[0] ?? {};
    throw new ConfigurationError([`${file}:${lines.linePos(at).line}: the file: ${error.message}`], error);
  }
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
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const key = path[length - 1];
    const pair = isMap(parent) ? pairsOf(parent).get(key) : undefined;
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as {
      range?: [number, number, number];
    };
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function writePath(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the file' : path.join('.');
}
