import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { findTooDeepLine, tooDeepFault } from './nesting';

interface YamlFault {
  readonly line: number;
  readonly of: 'nesting' | 'syntax' | 'aliases';
  readonly message: string;
}

/** A text that is no YAML, or costs too much to read. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly faults: readonly YamlFault[];

  constructor(faults: readonly YamlFault[], cause?: unknown) {
    super(faults.map(({ line, message }) => `line ${line}: ${message}`).join('\n'), { cause });
    this.faults = faults;
  }
}

interface Yaml {
  readonly value: unknown;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** yaml looks through all anchors and aliases for each alias. */
const mostAliases = 1_000;

/** Reads a YAML text of others, in a time that grows with its length and no faster. Throws YamlError. */
export function readYaml(text: string): Yaml {
  const tooDeep = findTooDeepLine(text);
  if (tooDeep !== undefined) throw new YamlError([{ line: tooDeep, of: 'nesting', message: tooDeepFault }]);
  const lines = new LineCounter();
  // A pretty error quotes its line, which may be the whole text.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const lineOf = (at: number) => lines.linePos(at).line;
  const broken = [
    ...document.errors.map(({ message, pos }) => ({ at: pos[0], message })),
    ...findRepeatedKeys(document).map((at) => ({ at, message: 'Map keys must be unique' })),
  ].toSorted((one, other) => one.at - other.at);
  if (broken.length > 0)
    throw new YamlError(broken.map(({ at, message }) => ({ line: lineOf(at), of: 'syntax', message })));
  const aliases = readAliases(document);
  const refuse = (at: number, message: string, cause?: unknown) =>
    new YamlError([{ line: lineOf(at), of: 'aliases', message }], cause);
  const [ofNothing] = aliases.filter(({ isOfNothing }) => isOfNothing);
  if (ofNothing)
    throw refuse(
      ofNothing.at,
      `Unresolved alias (the anchor must be set before the alias): ${ofNothing.source}`,
    );
  const tooMany = aliases[mostAliases];
  if (tooMany) throw refuse(tooMany.at, `more than ${mostAliases} aliases`);
  try {
    // An alias bomb ends here: yaml refuses more than 100 expansions.
    return { value: document.toJS({ maxAliasCount: 100 }), document, lines };
  } catch (error) {
    // Also a `<<` of YAML 1.1 that merges what is no map.
    throw refuse(aliases[0]?.at ?? 0, (error as Error).message, error);
  }
}

/**
 * Finds keys that occur twice. The yaml library compares each key with each other one, which took minutes for a map of
 * 40,000 keys.
 */
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

interface FoundAlias {
  readonly at: number;
  readonly source: string;
  /** Whether no anchor before it has its name. */
  readonly isOfNothing: boolean;
}

function readAliases(document: Document.Parsed): FoundAlias[] {
  const anchors = new Set<string>();
  const aliases: FoundAlias[] = [];
  visit(document, {
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Alias(_, { range, source }) {
      aliases.push({ at: range?.[0] ?? 0, source, isOfNothing: !anchors.has(source) });
    },
  });
  return aliases;
}
