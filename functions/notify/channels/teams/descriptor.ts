import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';

/** The workflow decides which channel of Teams it posts to. */
const section = z.strictObject({});

export const teams = {
  title: 'Teams',
  shows: 'a card for each state of a case: a workflow can update none',
  section,
  listTold: () => ['Teams'],
  delivery: 'function',
  audience: 'people',
  secret: {
    id: 'TeamsWorkflow',
    name: 'teams',
    what: 'the URL of a Teams workflow that posts cards',
    example: "'https://YOUR-WORKFLOW-URL'",
  },
  // More than four requests a second are throttled (Microsoft, "Create incoming webhooks").
  limits: { gapMs: 1_000, answerMs: 10_000 },
} as const satisfies ServedDescriptor<z.output<typeof section>>;
