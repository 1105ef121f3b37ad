import { compareAudits, type Found, type Outcome } from '../../../../shared/domain/findings/audit';
import { readMessage } from '../../../../shared/domain/findings/read-message';
import { now } from '../../../builders';

const check = 'DEVICE_CERTIFICATE_SHARED_CHECK';
const ofCertificate = (resource: string, ...things: string[]): Found => ({
  findingId: `of-${resource}`,
  reason: 'shared',
  severity: 'critical',
  resource,
  things,
});
const anOutcome = (over: Partial<Outcome> = {}): Outcome => ({
  ...{ check, startedAt: now, found: [], partial: new Set(), isComplete: true },
  ...over,
});
const before = { startedAt: now - 86_400_000, found: [ofCertificate('c1', 'pump', 'valve')] };

const eventsOf = (outcome: Outcome) =>
  compareAudits(before, outcome).findings.map(({ eventType, resource, thingName }) =>
    [eventType, resource, thingName].join(' '),
  );

describe('the findings of an audit', () => {
  it('clear the findings that a complete list no longer has, by thing and resource', () => {
    const found = [ofCertificate('c1', 'pump'), ofCertificate('c2', 'fan')];

    expect(eventsOf(anOutcome({ found }))).toEqual([
      'in-alarm c1 pump',
      'in-alarm c2 fan',
      'alarm-cleared c1 valve',
    ]);
  });

  it('clear nothing if the list is not complete, and what it lacks is still remembered', () => {
    const outcome = anOutcome({ found: [ofCertificate('c2', 'fan')], isComplete: false });

    expect(eventsOf(outcome)).toEqual(['in-alarm c2 fan']);
    expect(compareAudits(before, outcome).next.found).toEqual([
      ofCertificate('c2', 'fan'),
      ofCertificate('c1', 'pump', 'valve'),
    ]);
  });

  it('clear no thing of a resource whose things are not all known', () => {
    const outcome = anOutcome({ found: [ofCertificate('c1', 'pump')], partial: new Set(['c1']) });

    expect(eventsOf(outcome)).toEqual(['in-alarm c1 pump']);
  });

  it('are all cleared by a list of nothing', () => {
    const { findings, next } = compareAudits(before, anOutcome());

    expect(findings).toMatchObject([
      { eventType: 'alarm-cleared', thingName: 'pump', occurredAt: now, reason: 'shared' },
      { eventType: 'alarm-cleared', thingName: 'valve' },
    ]);
    expect(next).toEqual({ startedAt: now, found: [] });
  });
});

/** The shape of docs/facts.md#alerts. */
const message = {
  accountId: '123456789012',
  taskId: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  taskStatus: 'COMPLETED',
  taskType: 'SCHEDULED_AUDIT_TASK',
  failedChecksCount: 0,
  canceledChecksCount: 0,
  nonCompliantChecksCount: 1,
  compliantChecksCount: 1,
  totalChecksCount: 2,
  taskStartTime: now,
  auditDetails: [
    {
      checkName: check,
      checkRunStatus: 'COMPLETED_NON_COMPLIANT',
      nonCompliantResourcesCount: 3,
      totalResourcesCount: 14,
      suppressedNonCompliantResourceCount: 1,
    },
  ],
};

describe('the message that an audit is over', () => {
  it('has its checks, without suppressed findings', () => {
    expect(readMessage(JSON.stringify(message))).toEqual({
      kind: 'audit',
      result: {
        taskId: message.taskId,
        startedAt: now,
        checks: [{ check, status: 'COMPLETED_NON_COMPLIANT', nonCompliant: 2 }],
      },
    });
  });

  it.each([
    ['no task', { taskId: undefined }],
    ['a task that no request can name', { taskId: '../x' }],
    ['a time in seconds', { taskStartTime: 1_577_854_800 }],
    ['a map of checks, as DescribeAuditTask has it', { auditDetails: { [check]: {} } }],
  ])('is no result if it has %s', (_, over) => {
    expect(readMessage(JSON.stringify({ ...message, ...over }))).toEqual({ kind: 'audit' });
  });
});
