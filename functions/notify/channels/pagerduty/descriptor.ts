import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';

/** The integration key names the service of PagerDuty. */
const section = z.strictObject({
  /** Where the account of PagerDuty is. */
  region: z.optional(z.enum(['us', 'eu'])),
});

export const pagerduty = {
  title: 'PagerDuty',
  shows: 'an alert for each case: triggered, acknowledged once a person decided, resolved at its end',
  section,
  listTold: () => ['PagerDuty'],
  delivery: 'function',
  audience: 'people',
  secret: {
    id: 'PagerdutyKey',
    name: 'pagerduty',
    what: 'the integration key of a PagerDuty service (Events API v2)',
    example: 'YOUR-32-CHARACTER-KEY',
  },
  endpoint: { url: 'https://events.pagerduty.com/', what: 'Base of the PagerDuty Events API' },
  // 120 events a minute for each integration key, with bursts (PagerDuty, "Events API rate limits").
  limits: { gapMs: 500, answerMs: 10_000 },
} as const satisfies ServedDescriptor<z.output<typeof section>>;
