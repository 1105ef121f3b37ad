import fc from 'fast-check';

/** A character of any plane; surrogates are no characters. */
const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint));

/**
 * Any characters, and often those that mean something in a text. `fc.string({ unit: 'binary' })` gives the first too, and
 * makes a table of all 1.1 million beforehand: seconds in each process.
 */
export function anyText(maxLength?: number): fc.Arbitrary<string> {
  const length = maxLength === undefined ? {} : { maxLength };
  return fc.oneof(
    fc.array(character, length).map((characters) => characters.join('')),
    fc.string(length),
  );
}
