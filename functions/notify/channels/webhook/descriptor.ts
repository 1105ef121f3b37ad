import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';
import { findUnknownFields } from './template';

const section = z.strictObject({
  /** What is posted: the announcement itself, or what the alert API of Opsgenie (and what is compatible) takes. */
  format: z.optional(z.enum(['announcement', 'opsgenie'])),
  /** A custom body, in which `${field}` stands for a field of the case. */
  body: z.optional(z.record(z.string(), z.unknown())),
});

export const webhook = {
  title: 'Webhook',
  shows: 'a signed HTTPS request for each state of a case, with the body that you choose',
  section,
  listTold: ({ format = 'announcement', body }) => [`Webhook (${body ? 'a body of its own' : format})`],
  findFaults: ({ format, body }) => [
    ...(format && body
      ? [{ path: ['body'], message: 'format has a body already: leave out one of the two' }]
      : []),
    ...findUnknownFields(body).map((message) => ({ path: ['body'], message })),
  ],
  delivery: 'function',
  audience: 'people',
  secret: {
    id: 'Webhook',
    name: 'webhook',
    what: 'the URL and the signing key of the webhook, as JSON',
    example: `'{"url":"https://HOST/PATH","key":"whsec_BASE64"}'`,
  },
  limits: { gapMs: 1_000, answerMs: 10_000 },
} as const satisfies ServedDescriptor<z.output<typeof section>>;
