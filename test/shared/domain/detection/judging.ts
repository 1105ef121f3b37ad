import { resolveNow } from '../../../../shared/domain/asking';
import type { Criteria } from '../../../../shared/domain/configuration';
import * as lifecycle from '../../../../shared/domain/detection/judge-lifecycle';
import * as report from '../../../../shared/domain/detection/judge-report';
import * as time from '../../../../shared/domain/detection/judge-time';
import type { Setting } from '../../../../shared/domain/detection/judgement';
import type { Detecting } from '../../../../shared/domain/detection/questions';
import type { Judgement } from '../../../../shared/domain/detection/state';

/** The rules with every answer at hand: one registered thing in no group, which nothing holds. */
function conclude(judging: Detecting<Judgement>): Judgement {
  return resolveNow(judging, {
    membership: () => ({ registered: true, groups: [] }),
    owner: () => true,
    distribution: () => undefined,
    held: () => false,
    alone: () => true,
  });
}

export const judgeReport = (input: report.ReportInput) => conclude(report.judgeReport(input));
export const judgeLifecycle = (input: lifecycle.LifecycleInput) => conclude(lifecycle.judgeLifecycle(input));
export const judgeTime = (input: Setting) => conclude(time.judgeTime(input));

export function criteria(
  comparisonOperator: Criteria['comparisonOperator'],
  value: Criteria['value'],
  over: Partial<Criteria> = {},
): Criteria {
  return {
    comparisonOperator,
    value,
    consecutiveDatapointsToAlarm: 1,
    consecutiveDatapointsToClear: 1,
    ...over,
  };
}
