import { isRecord } from './encoding';
import type { Report } from './report';

/** Whether a stored report has the fields that folding and delivery need. */
export function isReport(value: unknown): value is Report {
  if (!isRecord(value) || !isRecord(value.header) || !Number.isSafeInteger(value.header.report_id))
    return false;
  const { metrics = {}, custom_metrics: custom = {}, evidence = [], exceptions = {}, health } = value;
  return (
    isRecord(metrics) &&
    (metrics.network_stats === undefined || isRecord(metrics.network_stats)) &&
    isRecord(custom) &&
    Object.values(custom).every(isRecords) &&
    (isRecords(evidence) || isEmpty(evidence)) &&
    isRecord(exceptions) &&
    Object.values(exceptions).every(Array.isArray) &&
    (health === undefined || (isRecord(health) && Array.isArray(health.degraded)))
  );
}

/** At least one. */
function isRecords(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
