import type { Behavior } from '../../../../shared/domain/configuration';
import { boundTime, writeAlert } from '../../../../shared/domain/findings/alert';
import type { Reading, Source } from '../../../../shared/domain/findings/finding';
import { readMessage } from '../../../../shared/domain/findings/read-message';
import { deviceDefender } from '../../../../shared/domain/findings/sources/device-defender';
import { deviceDefenderAudit } from '../../../../shared/domain/findings/sources/device-defender-audit';
import type { Violation } from '../../../../shared/domain/findings/violation';
import { real } from './examples';

const { inAlarm, cleared, audit } = real;
const { metricValue: _, ...invalidated } = { ...inAlarm, violationEventType: 'alarm-invalidated' };

const enveloped = (message: unknown) =>
  JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: 't', Message: JSON.stringify(message) });

/** The violation of a message that has one. */
function violationOf(reading: Reading): Violation | undefined {
  const [finding] = reading.kind === 'findings' ? reading.findings : [];
  return finding?.kind === undefined ? finding : undefined;
}

describe('readMessage', () => {
  it('accepts an additional source, which reads messages that it alone knows', () => {
    const siem: Source = {
      name: 'siem',
      reads: { what: 'a finding of the SIEM', field: 'device' },
      read: ({ device }) =>
        typeof device === 'string' ? { kind: 'ignored', reason: `of ${device}` } : undefined,
    };

    expect(readMessage('{"device":"mything1"}', [siem])).toEqual({ kind: 'ignored', reason: 'of mything1' });
    expect(readMessage('{"a":1}', [deviceDefenderAudit, deviceDefender, siem])).toEqual({
      kind: 'rejected',
      reason:
        'neither a result of Device Defender Audit (auditDetails is missing) nor an alert of Device Defender (violationId is missing) nor a finding of the SIEM (device is missing): it has "a"',
    });
  });

  it.each([
    ['raw', JSON.stringify(inAlarm)],
    ['inside its SNS envelope', enveloped(inAlarm)],
  ])('reads a real alarm %s', (_how, body) => {
    expect(violationOf(readMessage(body))).toEqual({
      violationId: '37e18651d207bbc74236c13faf146127',
      thingName: 'dev-IZWB',
      securityProfileName: 'MySecProfile',
      behaviorName: 'MessagesPub',
      metric: 'aws:num-messages-sent',
      eventType: 'in-alarm',
      occurredAt: 1573786800000,
      value: { count: 54 },
      criteria: JSON.stringify(inAlarm.behavior.criteria),
      detector: 'device-defender',
    });
  });

  it.each([cleared, invalidated])('reads a real clear and an invalidation', (message) => {
    const read = readMessage(JSON.stringify(message));

    expect(violationOf(read)?.eventType).toBe(message.violationEventType);
  });

  it('reads an alert whose absent fields are null, in any order of the fields, with fields that it does not know', () => {
    const nulls = { violationEventAdditionalInfo: null, verificationState: null };
    const metricValue = { count: 54, cidrs: null, ports: null, number: null, numbers: null, strings: null };
    const reversed = Object.fromEntries(
      Object.entries({ ...inAlarm, ...nulls, metricValue, newField: { a: [1] } }).toReversed(),
    );
    const behavior = {
      ...inAlarm.behavior,
      metricDimension: null,
      suppressAlerts: null,
      exportMetric: false,
    };

    expect(readMessage(JSON.stringify({ ...reversed, behavior }))).toEqual(
      readMessage(JSON.stringify(inAlarm)),
    );
    expect(violationOf(readMessage(JSON.stringify({ ...invalidated, metricValue: null })))?.eventType).toBe(
      'alarm-invalidated',
    );
  });

  it.each([
    ['FAILED', { auditDetails: [] }],
    ['CANCELED', { auditDetails: undefined }],
    ['FAILED', { auditDetails: null }],
  ])('reads that a whole audit was %s', (taskStatus, over) => {
    const message = { ...audit, taskStartTime: 1_795_000_000_000, taskStatus, ...over };

    expect(readMessage(JSON.stringify(message))).toMatchObject({
      kind: 'audit',
      result: { checks: [{ check: 'the audit', status: taskStatus, nonCompliant: 0 }] },
    });
  });

  it.each(['suppressedNonCompliantResourceCount', 'suppressedNonCompliantResourcesCount'])(
    'counts what does not comply without what is suppressed by %s',
    (field) => {
      const [detail] = audit.auditDetails;
      const auditDetails = [{ ...detail, nonCompliantResourcesCount: 3, [field]: 2 }];

      expect(
        readMessage(JSON.stringify({ ...audit, taskStartTime: 1_795_000_000_000, auditDetails })),
      ).toMatchObject({ result: { checks: [{ nonCompliant: 1 }] } });
    },
  );

  it('reads the checks of an audit, each with its status, whose counts are null if it did not end', () => {
    const auditDetails = ['WAITING_FOR_DATA_COLLECTION', 'CANCELED', 'FAILED', 'COMPLETED_NON_COMPLIANT'].map(
      (checkRunStatus) => ({
        ...{ checkName: 'LOGGING_DISABLED_CHECK', checkRunStatus, nonCompliantResourcesCount: null },
        ...{ totalResourcesCount: null, suppressedNonCompliantResourceCount: null, errorCode: 'E' },
      }),
    );
    const message = { ...audit, taskStartTime: 1_795_000_000_000, auditDetails };

    expect(readMessage(JSON.stringify(message))).toMatchObject({
      result: { checks: auditDetails.map(({ checkRunStatus }) => ({ status: checkRunStatus })) },
    });
  });

  it.each([
    ['an Audit result', audit, 'audit'],
    ['an Audit finding', { findingId: 'f', nonCompliantResource: {} }, 'ignored'],
  ])('distinguishes %s from a violation', (_what, message, kind) => {
    expect(readMessage(JSON.stringify(message)).kind).toBe(kind);
    expect(readMessage(enveloped(message)).kind).toBe(kind);
  });

  it.each<[string, unknown, RegExp]>([
    ['not JSON', 'hello', /not JSON/],
    ['an array', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['an envelope around text', JSON.stringify({ Type: 'Notification', Message: 'x' }), /envelope/],
    ['JSON of another kind', '{"a":1}', /violationId is missing\).*: it has "a"$/],
    ['JSON of many fields', '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', /"a", "b", "c", "d", "e" and more$/],
    ['an empty object', '{}', /: it is empty$/],
    ['fields with huge and hostile names', { [`\n<b>${'x'.repeat(99)}`]: 1 }, /it has "\\n<b>x{27}…"$/],
    ['the event of a function', { Records: [{ Sns: { Message: '{}' } }] }, /: it has "Records"$/],
    ['a finding of OCSF', { class_uid: 2004 }, /: a finding of OCSF goes to the topic of its sender/],
    [
      'the time of the API',
      { ...inAlarm, violationEventTime: 1_600_780_245.29 },
      /^violationEventTime: expected a whole number of milliseconds since 1970: only the API has seconds/,
    ],
    ['an unknown event type', { ...inAlarm, violationEventType: 'exploded' }, /violationEventType/],
    ['no thing name', { ...inAlarm, thingName: undefined }, /thingName/],
    ['a thing name of 129 characters', { ...inAlarm, thingName: 'a'.repeat(129) }, /thingName/],
    [
      'a time that no calendar has',
      { ...inAlarm, violationEventTime: Number.MAX_SAFE_INTEGER },
      /violationEventTime: /,
    ],
    ['a time as text', { ...inAlarm, violationEventTime: '1573786800000' }, /violationEventTime: .*number/],
    ['a value as text', { ...inAlarm, metricValue: { count: '54' } }, /metricValue.count: .*number/],
    ['no profile', { ...inAlarm, securityProfileName: undefined }, /^securityProfileName is missing$/],
    ['no behavior name', { ...inAlarm, behavior: {} }, /^behavior\.name is missing$/],
    ['no violation id', { ...inAlarm, violationId: '' }, /violationId/],
    ['a behavior that is a name', { ...inAlarm, behavior: 'MessagesPub' }, /behavior/],
    [
      'the client id of a client that is no thing',
      { ...inAlarm, thingName: 'paho/1' },
      /^thingName: no thing can have this name: .*all\/unregistered-things/,
    ],
    ...['a/b', 'a+b', 'a#', '$aws', '../x', 'a\u0000b', 'a\nb', 'ä', ''].map(
      (thingName) =>
        [`the thing name ${JSON.stringify(thingName)}`, { ...inAlarm, thingName }, /thingName/] as [
          string,
          unknown,
          RegExp,
        ],
    ),
  ])('rejects %s, naming the field', (_what, message, reason) => {
    const read = readMessage(typeof message === 'string' ? message : JSON.stringify(message));

    expect(read.kind).toBe('rejected');
    expect(read.kind === 'rejected' && read.reason).toMatch(reason);
  });

  it('keeps only a limited part of a huge value', () => {
    const strings = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000));
    const read = readMessage(JSON.stringify({ ...inAlarm, metricValue: { strings } }));

    expect(JSON.stringify(read).length).toBeLessThan(20_000);
  });

  it('keeps numbers within the limits of the table', () => {
    const read = (number: unknown) =>
      violationOf(readMessage(JSON.stringify({ ...inAlarm, metricValue: { number } })))?.value;

    expect(read(2 ** 64)).toEqual({ number: 2 ** 64 });
    expect(read(1e300)).toEqual({ number: 1e100 });
    expect(read(-1e300)).toEqual({ number: -1e100 });
    expect(read(5e-324)).toEqual({ number: 0 });
    const numbers = [1, 1e200, 2];
    const listed = violationOf(readMessage(JSON.stringify({ ...inAlarm, metricValue: { numbers } })));
    expect(listed?.value).toEqual({ numbers: [1, 1e100, 2] });
    const cordon = { evidence: [{ pid: 1e300, ppid: -1e300, startedAt: 1, executable: '/bin/sh' }] };
    expect(violationOf(readMessage(JSON.stringify({ ...inAlarm, cordon })))?.evidence).toEqual([
      { pid: 1e100, ppid: -1e100, startedAt: 1, executable: '/bin/sh' },
    ]);
  });

  it.each([1e300, 8.64e15 + 1, -1])(
    'leaves out %s as the start of a process: no date can be written of it',
    (startedAt) => {
      const cordon = { evidence: [{ pid: 7, startedAt }] };
      const read = violationOf(readMessage(JSON.stringify({ ...inAlarm, cordon })));

      expect(read?.evidence).toEqual([{ pid: 7 }]);
    },
  );

  it('reads an alert of the Cordon detector', () => {
    const behavior: Behavior = {
      name: 'no-child-processes',
      metric: 'num_child_procs_myapp',
      criteria: {
        comparisonOperator: 'less-than-equals',
        value: { number: 0 },
        consecutiveDatapointsToAlarm: 1,
        consecutiveDatapointsToClear: 1,
      },
      suppressAlerts: false,
    };
    const alert = writeAlert({
      violationId: 'v1',
      thingName: 'mything1',
      securityProfileName: 'myapp-processes',
      eventType: 'in-alarm',
      occurredAt: 1_795_000_000_000,
      behavior,
      value: { number: 2 },
      reporter: { clientId: 'mything1', principal: 'p' },
      evidence: [{ pid: 7, commandLine: 'sh -c id' }],
    });

    expect(violationOf(readMessage(alert))).toMatchObject({
      detector: 'cordon',
      value: { number: 2 },
      reporter: { clientId: 'mything1', principal: 'p' },
      evidence: [{ pid: 7, commandLine: 'sh -c id' }],
    });
  });
});

describe('readMessage, given deep nesting,', () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  it.each([65, 9_000, 100_000])('rejects %s levels', (levels) => {
    const alert = `{"violationId":"v","behavior":{"name":"b","criteria":${deep(levels)}}}`;

    expect(readMessage(alert)).toEqual({ kind: 'rejected', reason: 'nested too deep' });
    expect(readMessage(JSON.stringify({ Type: 'Notification', Message: alert })).kind).toBe('rejected');
  });
});

describe('the time of an alert', () => {
  const at = (violationEventTime: number) => readMessage(JSON.stringify({ ...inAlarm, violationEventTime }));

  it.each([
    ['in seconds', 1_795_000_000, /^violationEventTime: is before 2015: expected milliseconds/],
    ['in microseconds', 1_795_000_000_000_000, /^violationEventTime: is after the year 9999/],
  ])('is rejected %s, with the reason', (_, time, reason) => {
    expect(at(time)).toEqual({ kind: 'rejected', reason: expect.stringMatching(reason) });
  });

  it('is the time of arrival if it lies in the future, and the sender’s time is kept', () => {
    const arrivedAt = 1_795_000_000_000;
    const violation = violationOf(at(arrivedAt + 1));
    if (!violation) throw new Error('not read');

    expect(boundTime(violation, arrivedAt)).toMatchObject({
      occurredAt: arrivedAt,
      claimedAt: arrivedAt + 1,
    });
    expect(boundTime(violation, arrivedAt + 1)).toBe(violation);
  });
});
