import { readYaml, YamlError } from '../../shared/config/yaml';
import type { Finding } from '../../shared/domain/findings/finding';
import { readMessage } from '../../shared/domain/findings/read-message';
import { isObject, isValueTooDeep, parseJson } from '../../shared/domain/json';
import { isThingName } from '../../shared/domain/thing-ref';
import { type Recording, type Rejection, sortByTime } from '../../shared/replay/recording';
import { CliError } from '../cli-error';

/** Reads alerts, raw or in their SNS envelope: one a line, a JSON array of them, or what `list-violation-events` of the AWS CLI printed. */
export function readRecording(text: string, progress: (done: number) => void): Recording {
  const violations: Finding[] = [];
  const rejected: Rejection[] = [];
  let ignored = 0;
  const { bodies, notes } = splitMessages(text.replace(/^\uFEFF/, ''));
  for (const [index, { where, body }] of bodies.entries()) {
    if (index > 0) progress(index);
    const read = body === undefined ? tooDeep : readMessage(body);
    // Everything with the name of the heartbeat: intake treats none of it as an alert.
    const isBeat = read.kind === 'findings' && !read.findings.some(({ thingName }) => isThingName(thingName));
    if (isBeat) ignored += 1;
    else if (read.kind === 'findings') violations.push(...read.findings);
    else if (read.kind === 'ignored' || read.kind === 'audit') ignored += 1;
    else rejected.push({ where, reason: read.reason });
  }
  return { violations: sortByTime(violations), facts: new Map(), rejected, ignored, notes };
}

const tooDeep = { kind: 'rejected', reason: 'nested too deep' } as const;

interface Message {
  readonly where: string;
  /** Undefined if it nests too deep to be written. */
  readonly body: string | undefined;
}

const write = (value: unknown) => (isValueTooDeep(value) ? undefined : JSON.stringify(value));

function splitMessages(text: string): { readonly bodies: Message[]; readonly notes: string[] } {
  if (/^\s*(VIOLATIONEVENTS\t|-{10})/.test(text))
    throw new CliError('this output of the AWS CLI has no names: print it with --output json');
  const whole = parseWhole(text);
  if (whole)
    return gather(
      whole.map((item, index) => ({ where: `item ${index + 1}`, item })),
      (item) => (typeof item === 'string' ? item : write(item)),
    );
  const lines = text.split('\n').map((item, index) => ({ where: `line ${index + 1}`, item }));
  return gather(
    lines.filter(({ item }) => item.trim() !== ''),
    (line) => line,
  );
}

/** The output of `aws iot list-violation-events` has many events; any other text is one message. */
function gather<T>(
  items: readonly { readonly where: string; readonly item: T }[],
  writeItem: (item: T) => string | undefined,
): { bodies: Message[]; notes: string[] } {
  let note: string | undefined;
  const bodies = items.flatMap(({ where, item }): Message[] => {
    const value: unknown = typeof item === 'string' ? parseJson(item) : item;
    if (!isObject(value)) return [{ where, body: writeItem(item) }];
    const { violationEvents, NextToken, nextToken } = value;
    if (!Array.isArray(violationEvents))
      return [{ where, body: 'violationEventTime' in value ? writeEvent(value) : writeItem(item) }];
    // The next document, if any, is the next page.
    note =
      NextToken || nextToken
        ? `${where} ends with a NextToken: the file does not have all events`
        : undefined;
    return violationEvents.map((event: unknown, index) => ({
      where: `${where}, event ${index + 1}`,
      body: isObject(event) ? writeEvent(event) : write(event),
    }));
  });
  return { bodies, notes: note === undefined ? [] : [note] };
}

/** Alerts on SNS have milliseconds; the AWS CLI prints seconds with a fraction (version 1), or ISO 8601 (version 2). */
function writeEvent(event: Record<string, unknown>): string | undefined {
  const { violationEventTime: time } = event;
  const ms =
    typeof time === 'string' ? Date.parse(time) : Number(time) < firstMs ? Number(time) * 1_000 : time;
  const isTime = typeof ms === 'number' && Number.isFinite(ms);
  return write(isTime ? { ...event, violationEventTime: Math.round(ms) } : event);
}

/** Less is seconds: as ms it would be of 1973, and as seconds more is of the year 5138. */
const firstMs = 100_000_000_000;

/** The messages of a text that is one JSON value, or several over more lines than values; undefined if it is lines. */
function parseWhole(text: string): unknown[] | undefined {
  try {
    return list(JSON.parse(text));
  } catch (cause) {
    const [firstLine = ''] = text.trimStart().split('\n', 1);
    if (isJson(firstLine)) return undefined;
    if (/^(- )?violationEvents:/.test(firstLine)) return list(parseYaml(text));
    const values = splitValues(text);
    if (values.length > 1 && values.every(isJson)) return values.flatMap((value) => list(JSON.parse(value)));
    if (/^\s*\[/.test(text))
      throw new CliError(`begins like a JSON array, but is not one: ${(cause as Error).message}`, cause);
    return undefined;
  }
}

function parseYaml(text: string): unknown {
  try {
    return readYaml(text).value;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const [{ line, of, message } = { of: 'syntax' }] = error.faults;
    if (of === 'nesting') throw new CliError(`line ${line} ${message}`, error);
    throw new CliError(`is not the YAML that the AWS CLI prints: ${message} at line ${line}`, error);
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The objects and arrays that follow each other in a text, such as pages that a loop printed to one file. */
function splitValues(text: string): string[] {
  const values: string[] = [];
  let depth = 0;
  let from = 0;
  // A string that never ends takes the rest, else each quote in it would look for its end.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > 0 || token.startsWith('"')) continue;
    values.push(text.slice(from, index + 1));
    from = index + 1;
  }
  const rest = text.slice(from);
  return rest.trim() === '' ? values : [...values, rest];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
