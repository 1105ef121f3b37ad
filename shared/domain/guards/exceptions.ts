import type { Playbook } from '../configuration';
import type { Evidence, MetricValue, Violation } from '../findings/violation';

type Exception = NonNullable<Playbook['unless']>[number];

/** The part of a violation that exceptions are matched with. */
export type Claim = Pick<Violation, 'metric' | 'value' | 'evidence' | 'isPartial'>;

/** A report carries at most this many rows, so there may have been more. */
const mostRows = 10;
/** An alert carries at most this many names. */
const mostNames = 20;

/**
 * The exceptions that cover a violation, in words; undefined if they don't cover all of it. They must cover each child:
 * with missing, shortened or partly covered evidence, no exception applies. `known`: children that were excepted
 * earlier and may still run.
 */
export function findExceptions(
  exceptions: readonly Exception[] | undefined,
  { metric, value, evidence = [], isPartial }: Claim,
  known?: MetricValue,
): readonly string[] | undefined {
  if (!exceptions || !value || isPartial || evidence.length >= mostRows) return undefined;
  const own = evidence.filter((row) => row.metric === metric);
  // The names of children may come with the evidence of the metric that counts them.
  const rows = own.length > 0 || value.strings === undefined ? own : evidence;
  const met = rows.map((row) => exceptions.find((one) => matches(one, row)));
  if (met.includes(undefined) || !isWhole(value, rows, known)) return undefined;
  return [...new Set(met.flatMap((one) => (one ? [describeException(one)] : [])))];
}

/** `/usr/bin/curl -V`. */
export function describeException({ executable, arguments: args }: Exception): string {
  return [executable, ...(args ?? ['(any arguments)'])].join(' ');
}

/** True if the evidence, with earlier exceptions, covers the whole value. */
function isWhole(value: MetricValue, rows: readonly Evidence[], known: MetricValue | undefined): boolean {
  const { number, strings } = value;
  if (typeof number === 'number') {
    const before = typeof known?.number === 'number' ? known.number : 0;
    return rows.length + before > 0 && number <= rows.length + before;
  }
  if (!isTexts(strings) || strings.length === 0 || strings.length >= mostNames) return false;
  const names = new Set([
    ...rows.map(({ executable = '' }) => nameOf(executable)),
    ...(isTexts(known?.strings) ? known.strings : []),
  ]);
  return strings.every((name) => names.has(name));
}

function isTexts(list: MetricValue[string] | undefined): list is readonly string[] {
  return Array.isArray(list) && list.every((one) => typeof one === 'string');
}

/** As the agent writes the name of a program into a list. */
function nameOf(executable: string): string {
  return executable.slice(executable.lastIndexOf('/') + 1).replace(/[^a-zA-Z0-9:_./-]/g, '_');
}

/**
 * Matches only what the agent has verified: that the running file is the one at the path, root's and writable by root only,
 * and the number of arguments in the command line. A command line alone could be `sh x` with one argument or none.
 */
function matches({ executable, arguments: args }: Exception, row: Evidence): boolean {
  if (row.argumentCount === undefined || row.executable !== executable) return false;
  if (!args) return true;
  const words = (row.commandLine ?? '').split(' ');
  return (
    row.argumentCount === args.length &&
    words.length === args.length + 1 &&
    args.every((one, index) => one === '*' || one === words[index + 1])
  );
}
