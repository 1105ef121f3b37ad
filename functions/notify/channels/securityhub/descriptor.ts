import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';

/** Findings go to Security Hub CSPM of the stack's account and region. */
const section = z.strictObject({});

export const securityhub = {
  title: 'Security Hub',
  shows: 'a finding for each case, whose workflow status follows the case; archived at its end',
  section,
  listTold: () => ['Security Hub'],
  delivery: 'function',
  audience: 'everyone',
  // 10 calls a second for each account and region (Security Hub partner guide, "Guidelines for using BatchImportFindings").
  limits: { gapMs: 100, answerMs: 10_000 },
  rights: () => [
    {
      actions: ['securityhub:BatchImportFindings'],
      service: 'securityhub',
      resource: ['product/', '/default'],
    },
    {
      actions: ['securityhub:BatchUpdateFindings'],
      service: 'securityhub',
      resource: 'hub/default',
      // The call can change much else, such as a severity.
      condition: {
        StringEquals: {
          'securityhub:ASFFSyntaxPath/Workflow.Status': ['NEW', 'NOTIFIED', 'RESOLVED', 'SUPPRESSED'],
        },
      },
    },
  ],
} as const satisfies ServedDescriptor<z.output<typeof section>>;
