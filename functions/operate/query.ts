import * as z from 'zod/mini';
import type { CaseFilter } from '../../shared/domain/lists/filter';
import { severities } from '../../shared/domain/severity';
import { registryName } from '../../shared/domain/text';
import { CursorError } from '../../shared/errors';
import { HttpProblem } from '../../shared/http';

/** Parts of the queries of routes: all of a query is text. */

export function count(least: number, most: number) {
  const expected = `expected a number from ${least} to ${most}`;
  return z.optional(
    z.pipe(
      z.string().check(z.regex(/^\d{1,9}$/, expected)),
      z.pipe(z.transform(Number), z.int().check(z.minimum(least, expected), z.maximum(most, expected))),
    ),
  );
}

export const epochMs = z.optional(
  z.pipe(
    z.string().check(z.regex(/^\d{1,15}$/, 'expected a time in epoch ms')),
    z.pipe(z.transform(Number), z.int().check(z.minimum(0), z.maximum(999_999_999_999_999))),
  ),
);

/** Several of the names, with commas between them. */
export function listOf<const T extends readonly string[]>(names: T) {
  return z.pipe(
    z.string().check(z.minLength(1), z.maxLength(256)),
    z.pipe(
      z.transform((text: string) => [...new Set(text.split(','))]),
      z.array(z.enum(names)).check(z.minLength(1)),
    ),
  );
}

export const cursor = z.optional(
  z.string().check(z.minLength(1, 'expected the `next` of the page before'), z.maxLength(4_096)),
);

/** The caller must correct the cursor that a list refuses. */
export function refuseCursor(error: unknown): never {
  if (error instanceof CursorError) throw new HttpProblem(400, error.message, 'cursor');
  throw error;
}

/** An ARN, an e-mail address or a subject. */
export const person = z.optional(z.string().check(z.minLength(1), z.maxLength(256)));

/** `NAME`, or `ACCOUNT/REGION/NAME`. */
export const thingText = z
  .string()
  .check(
    z.regex(
      /^(\d{12}\/[a-z]{2}[a-z0-9-]{1,30}\/)?[a-zA-Z0-9:_-]{1,128}$/,
      'expected the name of a thing, or ACCOUNT/REGION/NAME',
    ),
  );

const name = z.optional(z.string().check(z.regex(registryName, 'expected 1 to 128 of a-z A-Z 0-9 : _ -')));

/** Selects cases, in the query of a list and in the body of a bulk request. */
export const caseFilter = z.strictObject({
  severity: z.optional(listOf(severities)),
  behavior: z.optional(
    z
      .string()
      .check(
        z.regex(/^[a-zA-Z0-9:_-]{1,128}(\/[a-zA-Z0-9:_-]{1,128})?$/, 'expected BEHAVIOR or PROFILE/BEHAVIOR'),
      ),
  ),
  /** Exactly these, with commas between; empty: none. */
  behaviors: z.optional(
    z.pipe(
      z.string().check(z.maxLength(2_048)),
      z.transform((text: string) => (text === '' ? [] : [...new Set(text.split(','))])),
    ),
  ),
  thing: z.optional(
    z.string().check(z.regex(/^[a-zA-Z0-9:_/-]{1,180}$/, 'expected what a thing name begins with')),
  ),
  group: name,
  playbook: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  actor: person,
  openedSince: epochMs,
  openedBefore: epochMs,
});

/** The query of a list in the terms of the list. */
export function readFilter({ thing, ...filter }: z.output<typeof caseFilter>): CaseFilter {
  return { ...filter, ...(thing !== undefined && { thingPrefix: thing }) };
}
