import * as z from 'zod/mini';
import '../../schema-language';
import { firstMs } from '../arrival';
import type { AuditResult, Source } from '../finding';

const count = z._default(z.int().check(z.nonnegative()), 0);

/** Shape: docs/facts.md#alerts. Checks are a list here, unlike in DescribeAuditTask. */
const auditResult = z.object({
  taskId: z.string().check(z.regex(/^[a-zA-Z0-9-]{1,40}$/)),
  taskStartTime: z.int().check(z.minimum(firstMs)),
  taskStatus: z._default(z.string().check(z.regex(/^[A-Z_]{1,64}$/)), 'COMPLETED'),
  /** Missing if the whole audit failed. */
  auditDetails: z._default(
    z.array(
      z.object({
        checkName: z.string().check(z.regex(/^[A-Z0-9_]{1,128}$/)),
        checkRunStatus: z.string().check(z.regex(/^[A-Z_]{1,64}$/)),
        nonCompliantResourcesCount: count,
        // The message has the one spelling in AWS's samples, the API the other.
        suppressedNonCompliantResourceCount: count,
        suppressedNonCompliantResourcesCount: count,
      }),
    ),
    [],
  ),
});

/**
 * Results of Device Defender Audit. The separate message for each finding is ignored, because the result leads to the
 * same findings.
 */
export const deviceDefenderAudit: Source = {
  name: 'device-defender-audit',
  reads: { what: 'a result of Device Defender Audit', field: 'auditDetails' },
  read(message) {
    const isResult = 'auditDetails' in message || ('taskId' in message && 'taskType' in message);
    if (isResult && !('findingId' in message)) return { kind: 'audit', result: readResult(message) };
    if ('findingId' in message || 'nonCompliantResource' in message)
      return { kind: 'ignored', reason: 'an Audit finding: Cordon asks for findings when the audit is over' };
    return undefined;
  },
};

function readResult(message: unknown): AuditResult | undefined {
  const { data } = auditResult.safeParse(message);
  if (!data) return undefined;
  const { taskId, taskStartTime: startedAt, taskStatus, auditDetails } = data;
  const checks = auditDetails.map((detail) => ({
    check: detail.checkName,
    status: detail.checkRunStatus,
    nonCompliant: Math.max(
      0,
      detail.nonCompliantResourcesCount -
        Math.max(detail.suppressedNonCompliantResourceCount, detail.suppressedNonCompliantResourcesCount),
    ),
  }));
  const isWhole = taskStatus === 'COMPLETED' || checks.length > 0;
  const whole = { check: 'the audit', status: taskStatus, nonCompliant: 0 };
  return { taskId, startedAt, checks: isWhole ? checks : [whole] };
}
