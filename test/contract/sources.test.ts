import type { Reading } from '../../shared/domain/findings/finding';
import { sources } from '../../shared/domain/findings/read-message';
import { isThingName } from '../../shared/domain/thing-ref';
import { examples } from '../shared/domain/findings/examples';

type Message = Readonly<Record<string, unknown>>;

const hostile = [
  null,
  true,
  -1,
  2 ** 53,
  1e308,
  '',
  '\u0000',
  '../..',
  '%s',
  'x'.repeat(100_000),
  [],
  {},
  [{}],
];

/**
 * Variants of the message: for each field at any depth, one with each hostile value in it, and one without the field.
 */
function* spoil(message: unknown): Generator<unknown> {
  yield* hostile;
  if (typeof message !== 'object' || message === null) return;
  for (const [key, value] of Object.entries(message)) {
    for (const spoiled of spoil(value))
      yield Array.isArray(message)
        ? message.with(Number(key), spoiled)
        : Object.fromEntries([...Object.entries(message), [key, spoiled]]);
    if (!Array.isArray(message))
      yield Object.fromEntries(Object.entries(message).filter(([name]) => name !== key));
  }
}

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The parts of a reading that a case can't keep. */
function findFaults(reading: Reading | undefined): string[] {
  if (reading?.kind !== 'findings') return [];
  return reading.findings.flatMap((finding) => [
    ...(isThingName(finding.thingName) ? [] : ['the name is none of a thing']),
    ...(Number.isSafeInteger(finding.occurredAt) ? [] : ['the time is no epoch time in ms']),
    ...(Buffer.byteLength(JSON.stringify(finding)) <= 64_000 ? [] : ['it is longer than 64,000 bytes']),
  ]);
}

it('has examples of each source, for a contract that would have nothing to read without them', () => {
  expect(Object.keys(examples).toSorted()).toEqual(sources.map(({ name }) => name).toSorted());
});

describe.each(sources.map((source) => [source.name, source] as const))('the source %s', (name, source) => {
  const own = examples[name] ?? [];

  it('reads its own messages, which no other source takes for its own', () => {
    const others = sources.filter((other) => other !== source);

    const readings = own.map((message) => source.read(message));

    expect(readings.filter((reading) => reading?.kind === 'rejected')).toEqual([]);
    expect(readings).not.toContain(undefined);
    expect(own.flatMap((message) => others.map((other) => other.read(message)))).toEqual(
      own.flatMap(() => others.map(() => undefined)),
    );
  });

  it('never throws for a hostile value, and makes no finding that a case could not keep', () => {
    const messages = own.flatMap((message) => [message, ...spoil(message)].filter(isMessage));

    expect(messages.flatMap((message) => findFaults(source.read(message)))).toEqual([]);
  });
});
