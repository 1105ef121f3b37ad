import fc from 'fast-check';

/** A character of any plane; surrogates are no characters. */
const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint));

/**
 * Any characters, with those that have a meaning in markup more often. `fc.string({ unit: 'binary' })` also gives any
 * character, but first builds a table of all 1.1 million, which takes seconds in each process.
 */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
  const length = maxLength === undefined ? {} : { maxLength };
  return fc.oneof(
    fc.array(character, length).map((characters) => characters.join('')),
    fc.string(length),
  );
}
