/** Real messages of Device Defender (aws-samples workshop, AWS workshop page). */
const inAlarm = {
  violationEventTime: 1573786800000,
  thingName: 'dev-IZWB',
  behavior: {
    criteria: {
      consecutiveDatapointsToClear: 1,
      value: { count: 10 },
      durationSeconds: 300,
      consecutiveDatapointsToAlarm: 1,
      comparisonOperator: 'less-than',
    },
    name: 'MessagesPub',
    metric: 'aws:num-messages-sent',
  },
  violationEventType: 'in-alarm',
  metricValue: { count: 54 },
  violationId: '37e18651d207bbc74236c13faf146127',
  securityProfileName: 'MySecProfile',
};
const cleared = {
  violationEventTime: 1542682416515,
  thingName: 'DefenderWorkshopThing',
  behavior: {
    criteria: { value: { count: 100 }, durationSeconds: 300, comparisonOperator: 'less-than' },
    name: 'PacketsOut',
    metric: 'aws:all-packets-out',
  },
  violationEventType: 'alarm-cleared',
  metricValue: { count: 29 },
  violationId: '76ef8d1dc35ed4eb802ff44568f91097',
  securityProfileName: 'NormalHTTPTraffic',
};
const audit = {
  accountId: '123456789012',
  taskId: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  taskStatus: 'COMPLETED',
  taskType: 'ON_DEMAND_AUDIT_TASK',
  auditDetails: [
    { checkName: 'DEVICE_CERTIFICATE_EXPIRING_CHECK', checkRunStatus: 'COMPLETED_NON_COMPLIANT' },
  ],
};

export const real = { inAlarm, cleared, audit };

type Message = Readonly<Record<string, unknown>>;

/** Messages of each source of the alerts topic, by the source's name: `test/contract/sources.test.ts` reads them. */
export const examples: Readonly<Record<string, readonly [Message, ...Message[]]>> = {
  'device-defender-audit': [audit, { findingId: 'f', nonCompliantResource: {} }],
  'device-defender': [inAlarm, cleared],
};
