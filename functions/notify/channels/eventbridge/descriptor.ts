import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';

const section = z.strictObject({
  /** A bus of the stack's account and region; by default the account's own. */
  bus: z.optional(
    z
      .string()
      .check(z.regex(/^(?!aws\.)[\w./-]{1,256}$/, 'expected the name of an event bus such as security')),
  ),
});

export const eventbridge = {
  title: 'EventBridge',
  shows: 'an event for each state of a case, even if one message covers many cases for people',
  section,
  listTold: ({ bus = 'default' }) => [`EventBridge bus ${bus}`],
  delivery: 'function',
  audience: 'everyone',
  // 400 PutEvents a second in the smallest regions (EventBridge quotas).
  limits: { gapMs: 100, answerMs: 10_000 },
  rights: ({ bus = 'default' }) => [
    { actions: ['events:PutEvents'], service: 'events', resource: `event-bus/${bus}` },
  ],
} as const satisfies ServedDescriptor<z.output<typeof section>>;
