import * as z from 'zod/mini';

/** Parts of the queries of routes: all of a query is text. */

export function count(least: number, most: number) {
  const expected = `expected a number from ${least} to ${most}`;
  return z.optional(
    z.pipe(
      z.string().check(z.regex(/^\d{1,9}$/, expected)),
      z.pipe(z.transform(Number), z.number().check(z.minimum(least, expected), z.maximum(most, expected))),
    ),
  );
}

export const epochMs = z.optional(
  z.pipe(
    z.string().check(z.regex(/^\d{1,15}$/, 'expected a time in epoch ms')),
    z.pipe(z.transform(Number), z.number()),
  ),
);

/** Several of the names, with commas between them. */
export function listOf<const T extends readonly string[]>(names: T) {
  return z.pipe(
    z.string().check(z.minLength(1), z.maxLength(256)),
    z.pipe(
      z.transform((text: string) => [...new Set(text.split(','))]),
      z.array(z.enum(names)),
    ),
  );
}
