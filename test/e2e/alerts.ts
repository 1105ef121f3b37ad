import { randomBytes } from 'node:crypto';

/** A Detect alert as AWS sends it on SNS: number metrics of cordon.yml's only behavior, everything else overridable. */
export function anAlert(thingName: string, over: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    violationEventTime: Date.now(),
    thingName,
    behavior: {
      criteria: {
        consecutiveDatapointsToClear: 1,
        value: { number: 0 },
        consecutiveDatapointsToAlarm: 1,
        comparisonOperator: 'less-than-equals',
      },
      name: 'no-child-processes',
      metric: 'num_child_procs_myapp',
    },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId: randomBytes(16).toString('hex'),
    securityProfileName: 'myapp-processes',
    ...over,
  });
}

/** A device metrics report with one custom metric. */
export function aReport(children: number, over: Readonly<Record<string, unknown>> = {}) {
  return {
    header: { report_id: Date.now(), version: '1.0' },
    custom_metrics: { num_child_procs_myapp: [{ number: children }] },
    ...over,
  };
}
