import { codeOf, readGiven } from '../host';

/** An invalid command line. The message is one line that names the flag. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The error may be temporary, such as a read error of a failing disk. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing = false) {
    super(message);
    this.isPassing = isPassing;
  }
}

/** True if a read error may be temporary. These errors stay until somebody acts. */
export function isPassing(error: unknown): boolean {
  return !lasting.includes(codeOf(error));
}

const lasting = [
  ...['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'],
  ...['no regular file', 'too large'],
];

const largestFileCharacters = 64 * 1024;

/** Multi-letter short flags of the AWS sample agent; commander would read `-id x` as `-i d x`. */
const longForms: ReadonlyMap<string, string> = new Map([
  ['-id', '--client_id'],
  ['-cm', '--custom-metrics'],
]);

const refused: ReadonlyMap<string, string> = new Map([
  ['-w', 'MQTT over WebSocket'],
  ['--use-websocket', 'MQTT over WebSocket'],
  ['-se', 'signing for WebSocket'],
  ['--signing-region', 'signing for WebSocket'],
  ['-ph', 'a proxy'],
  ['--proxy-host', 'a proxy'],
  ['-pp', 'a proxy'],
  ['--proxy-port', 'a proxy'],
]);

/** Inserts the arguments of each `@file`, and expands two-letter flags. */
export function expandArguments(args: readonly string[], readFile = readArgumentFile): readonly string[] {
  return args
    .flatMap((arg) => (arg.length > 1 && arg.startsWith('@') ? readFile(arg.slice(1)) : [arg]))
    .map(spellOut);
}

function spellOut(arg: string): string {
  const equals = arg.indexOf('=');
  const flag = equals < 0 ? arg : arg.slice(0, equals);
  const feature = refused.get(flag);
  if (feature !== undefined)
    throw new UsageError(`${flag}: this agent does not support ${feature}; leave it out`);
  const long = longForms.get(flag);
  return long === undefined ? arg : long + arg.slice(flag.length);
}

/** One argument, or a flag and its value, on each line. Empty lines and lines that begin with `#` are ignored. */
function readArgumentFile(path: string): readonly string[] {
  let text: string;
  try {
    text = readGiven(path).toString();
  } catch (error) {
    throw new UsageError(`@${path}: cannot read the file of arguments (${codeOf(error)})`, isPassing(error));
  }
  if (text.length > largestFileCharacters)
    throw new UsageError(`@${path}: too large for a file of arguments`);
  return parseArgumentFile(text, path);
}

export function parseArgumentFile(text: string, path: string): readonly string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.flatMap((line) => {
    if (line.startsWith('@'))
      throw new UsageError(`@${path}: a file of arguments cannot name another (${line})`);
    const flagAndValue = /^(-\S+)\s+(.+)$/.exec(line);
    return flagAndValue ? [flagAndValue[1] ?? '', flagAndValue[2] ?? ''] : [line];
  });
}
