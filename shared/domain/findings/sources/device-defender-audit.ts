import * as z from 'zod/mini';
import '../../schema-language';
import { firstMs } from '../arrival';
import type { AuditResult, Source } from '../finding';

const count = z._default(z.int().check(z.nonnegative()), 0);

/** Shape: docs/facts.md#alerts. Checks are a list here, unlike in DescribeAuditTask. */
const auditResult = z.object({
  taskId: z.string().check(z.regex(/^[a-zA-Z0-9-]{1,40}$/)),
  taskStartTime: z.int().check(z.minimum(firstMs)),
  auditDetails: z.array(
    z.object({
      checkName: z.string().check(z.regex(/^[A-Z0-9_]{1,128}$/)),
      checkRunStatus: z.string().check(z.regex(/^[A-Z_]{1,64}$/)),
      nonCompliantResourcesCount: count,
      suppressedNonCompliantResourceCount: count,
    }),
  ),
});

/** Results of Device Defender Audit. Its own message of each finding says nothing that the result does not lead to. */
export const deviceDefenderAudit: Source = {
  name: 'device-defender-audit',
  read(message) {
    if ('auditDetails' in message) return { kind: 'audit', result: readResult(message) };
    if ('findingId' in message || 'nonCompliantResource' in message)
      return { kind: 'ignored', reason: 'an Audit finding, not a violation' };
    return undefined;
  },
};

function readResult(message: unknown): AuditResult | undefined {
  const { data } = auditResult.safeParse(message);
  return (
    data && {
      taskId: data.taskId,
      startedAt: data.taskStartTime,
      checks: data.auditDetails.map((detail) => ({
        check: detail.checkName,
        status: detail.checkRunStatus,
        nonCompliant: Math.max(
          0,
          detail.nonCompliantResourcesCount - detail.suppressedNonCompliantResourceCount,
        ),
      })),
    }
  );
}
