import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { type Configuration, configurationSchema } from '../domain/configuration';
import { type Fault, findFaults } from './semantics';

/** cordon.yml is wrong: one line per fault, `file:line: where: what is expected`. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** The file that the service is packaged with: cordon.yml of the folder, or what CORDON_CONFIG names. */
export function configurationFile(): string {
  return resolve(process.env.CORDON_CONFIG ?? 'cordon.yml');
}

/** Reads and validates a cordon.yml, or throws ConfigurationError. */
export function loadConfiguration(file: string): Configuration {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError([
      `${file}: can't be read (${(error as NodeJS.ErrnoException).code}); copy the default from the repository`,
    ]);
  }
  return parseConfiguration(text, file);
}

export function parseConfiguration(text: string, file: string): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0)
    throw new ConfigurationError(
      document.errors.map((error) => `${file}:${error.linePos?.[0].line ?? 1}: ${firstLine(error.message)}`),
    );
  const say = ({ path, message }: Fault) =>
    `${file}:${findLine(document, lines, path)}: ${writePath(path)}: ${message}`;
  // An alias bomb ends here: yaml refuses more than 100 expansions.
  const result = configurationSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!result.success)
    throw new ConfigurationError(
      result.error.issues.map((issue) => say({ path: issue.path.filter(isKey), message: issue.message })),
    );
  const faults = findFaults(result.data);
  if (faults.length > 0) throw new ConfigurationError(faults.map(say));
  return result.data;
}

/** The line of the value at `path`, or of the nearest thing above it that exists. */
function findLine(document: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true) ?? document.contents;
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as {
      range?: [number, number, number];
    };
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function isKey(key: PropertyKey): key is string | number {
  return typeof key !== 'symbol';
}

function writePath(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
