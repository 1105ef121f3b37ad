import type { LogLevel } from '../log';
import { UsageError } from './arguments';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const thingNamePattern = /^[a-zA-Z0-9:_-]{1,128}$/;

export function parseInteger(flag: string, unit: string, least: number, most: number, text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `${flag}: must be a whole number of ${unit} from ${least} to ${most}, not ${quote(text)}`,
  );
}

export function parseThingName(flag: string, text: string): string {
  if (thingNamePattern.test(text)) return text;
  throw new UsageError(`${flag}: must be 1 to 128 of the characters a-z A-Z 0-9 : _ -, not ${quote(text)}`);
}

/** [MQTT-1.5.3-2] and AWS IoT: a client id is text of at most 128 bytes; control characters only do harm. */
export function parseClientId(flag: string, text: string): string {
  const bytes = Buffer.byteLength(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (bytes >= 1 && bytes <= 128 && !/[\u0000-\u001f\u007f-\u009f]/.test(text)) return text;
  throw new UsageError(`${flag}: must be 1 to 128 bytes without control characters, not ${quote(text)}`);
}

export function parseEndpoint(flag: string, text: string): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?))(?::(\d{1,5}))?$/.exec(
    text,
  );
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? 8883 : Number(match[3]);
  if (host !== undefined && host.length <= 253 && port >= 1 && port <= 65535) return { host, port };
  throw new UsageError(`${flag}: must be HOST or HOST:PORT without scheme or path, not ${quote(text)}`);
}

export function parseChoice<T extends string>(flag: string, choices: readonly T[], text: string): T {
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`${flag}: must be one of ${choices.join(', ')}, not ${quote(text)}`);
}

export function parseBoolean(flag: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageError(`${flag}: must be true or false, not ${quote(text)}`);
}

export function parsePath(flag: string, text: string): string {
  if (text !== '' && !text.includes('\0')) return text;
  throw new UsageError(`${flag}: must be the path of a file, not ${quote(text)}`);
}

/** The names of the sample agent's levels. */
const verbosities: ReadonlyMap<string, LogLevel> = new Map([
  ['nologs', 'off'],
  ['fatal', 'error'],
  ['error', 'error'],
  ['warn', 'warn'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['trace', 'debug'],
]);

export function parseVerbosity(flag: string, text: string): LogLevel {
  const level = verbosities.get(text.toLowerCase());
  if (level !== undefined) return level;
  throw new UsageError(
    `${flag}: must be one of NoLogs, Fatal, Error, Warn, Info, Debug, Trace, not ${quote(text)}`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
