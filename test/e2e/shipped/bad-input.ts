import { anAlert } from '../alerts';
import { type Rejected, waitUntil } from '../harness';
import { e2e } from './stack';

const auditResult = {
  accountId: '000000000000',
  taskId: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  taskStatus: 'COMPLETED',
  taskType: 'ON_DEMAND_AUDIT_TASK',
  failedChecksCount: 0,
  auditDetails: [
    { checkName: 'DEVICE_CERTIFICATE_EXPIRING_CHECK', checkRunStatus: 'COMPLETED_NON_COMPLIANT' },
  ],
};

/** SNS accepts 256 KB, so this is the longest possible message (sns/latest/dg/large-message-payloads.html). */
function padTo256Kb(message: string): string {
  const room = 262_144 - Buffer.byteLength(message) - ',"padding":""'.length;
  return `${message.slice(0, -1)},"padding":"${'x'.repeat(room)}"}`;
}

const badThingNames = ['a/b', 'a+b', 'a#b', '$aws', '..', 'a b', 'a\nb', 'a\u0000b', 'a\u202eb', 'ä', ''];

const rejections: readonly (readonly [title: string, message: string, reason: RegExp])[] = [
  ['text', 'not JSON at all', /not JSON/],
  ['cut-off JSON', anAlert('a').slice(0, -5), /not JSON/],
  ['a JSON number', '42', /not a JSON object/],
  ['a JSON list', `[${anAlert('a')}]`, /not a JSON object/],
  ['null', 'null', /not a JSON object/],
  ['JSON of another kind', '{"AlarmName":"cpu","NewStateValue":"ALARM"}', /violationId/],
  ['an unknown event type', anAlert('a', { violationEventType: 'alarm-suspected' }), /violationEventType/],
  ['no event type', anAlert('a', { violationEventType: undefined }), /violationEventType/],
  ['no thing name', anAlert('a', { thingName: undefined }), /thingName/],
  ['a thing name that is a number', anAlert('a', { thingName: 7 }), /thingName/],
  ['a thing name of 129 characters', anAlert('n'.repeat(129)), /thingName/],
  ...badThingNames.map(
    (name) => [`the thing name ${JSON.stringify(name)}`, anAlert(name), /thingName/] as const,
  ),
  ['a time as text', anAlert('a', { violationEventTime: '1573786800000' }), /violationEventTime/],
  [
    'a time in seconds with a fraction',
    anAlert('a', { violationEventTime: 1600780245.29 }),
    /violationEventTime/,
  ],
  ['a value as text', anAlert('a', { metricValue: { number: '1' } }), /metricValue/],
  ['a behavior that is a name', anAlert('a', { behavior: 'no-child-processes' }), /behavior/],
  ['a profile name with a slash', anAlert('a', { securityProfileName: '../x' }), /securityProfileName/],
  ['256 KB of another kind', padTo256Kb('{"kind":"other"}'), /violationId/],
];

async function findRejected(body: string): Promise<Rejected | undefined> {
  const all = await e2e.rejected();
  return all.find((one) =>
    one.cut ? body.startsWith(one.body) && one.body.length > 1_000 : one.body === body,
  );
}

function linesOf(functionName: string, text: string): string[] {
  return e2e.stack.functions.lastLines(`cordon-dev-${functionName}`).filter((line) => line.includes(text));
}

/** Alerts that cannot be read, and valid ones in difficult conditions. */
export function testBadInput(): void {
  describe('an alert that cannot be handled', () => {
    it.each(rejections)('is set aside with the reason: %s', async (_title, message, reason) => {
      await e2e.publishAlert(message);

      const rejected = await waitUntil(
        () => 'the message in the rejected queue',
        () => findRejected(message),
      );

      expect(rejected.reason).toMatch(reason);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
      expect(rejected.reason).not.toMatch(/[\u0000-\u001f\u202e]/);
      expect(rejected.source).toMatch(/^alerts:/);
    });

    it('is set aside if it is an SNS envelope around something else', async () => {
      const envelope = JSON.stringify({ Type: 'Notification', Message: 'hello' });
      await e2e.sendTo('alerts', envelope);

      const rejected = await waitUntil(
        () => 'the envelope in the rejected queue',
        () => findRejected(envelope),
      );

      expect(rejected.reason).toBe('Message of the SNS envelope is not a JSON object');
    });

    it.each([
      [
        'result',
        auditResult,
        'an Audit result: sources.deviceDefender.audit makes cases of what an audit finds',
      ],
      [
        'finding',
        { findingId: 'f', severity: 'CRITICAL' },
        'an Audit finding: Cordon asks for findings when the audit is over',
      ],
    ])('is ignored, with a log entry, if it is an Audit %s', async (_kind, message, reason) => {
      await e2e.publishAlert(JSON.stringify(message));

      await waitUntil(
        () => `the log line "${reason}"`,
        () => linesOf('intake', reason).length === 1,
      );
    });

    it('sets aside or records every message', async () => {
      await e2e.waitForQuiet();

      expect(await e2e.rejected()).toHaveLength(rejections.length + 1);
      expect(await e2e.loadCase('a')).toBeUndefined();
    });
  });

  describe('an alert without an action', () => {
    it('is recorded for a thing that does not exist', async () => {
      await e2e.publishAlert(anAlert('no-such-thing'));

      const { reason, ledger } = await e2e.waitForCase('no-such-thing', 'observed');

      expect({ reason, ledger }).toEqual({
        reason: 'the thing is not in the registry, so there is nothing to contain',
        ledger: [],
      });
    });

    it.each(['alarm-cleared', 'alarm-invalidated'])(
      'opens no case if it is an %s without an alarm',
      async (violationEventType) => {
        const thingName = `never-${violationEventType}`;
        await e2e.enroll(thingName);
        await e2e.publishAlert(anAlert(thingName, { violationEventType, metricValue: undefined }));

        const { violations, timelineSeq } = await e2e.waitForCase(thingName, 'closed');
        expect({ violations, timelineSeq }).toEqual({ violations: {}, timelineSeq: 0 });
      },
    );

    it('contains a thing whose clear overtook its alarm, as in the right order', async () => {
      await e2e.enroll('overtaken');
      const violationId = 'overtaken-once';
      const at = Date.now();
      const clear = { violationId, violationEventType: 'alarm-cleared', violationEventTime: at };
      await e2e.publishAlert(anAlert('overtaken', clear));
      await e2e.waitForCase('overtaken', 'closed');

      await e2e.publishAlert(anAlert('overtaken', { violationId, violationEventTime: at - 1_000 }));

      expect(await e2e.waitForCase('overtaken', 'contained')).toMatchObject({
        violations: {
          'myapp-processes/no-child-processes': { lastEventType: 'alarm-cleared', lastEventAt: at },
        },
      });
    });
  });

  describe('a valid alert in difficult conditions', () => {
    it('contains a thing after all invalid ones', async () => {
      await e2e.enroll('mything1');

      await e2e.publishAlert(anAlert('mything1'));

      await e2e.waitForCase('mything1', 'contained');
    });

    it('is read inside its SNS envelope, for a name with a colon', async () => {
      await e2e.enroll('plant:9');
      const envelope = { Type: 'Notification', MessageId: 'm', Message: anAlert('plant:9') };

      await e2e.sendTo('alerts', JSON.stringify(envelope));

      await e2e.waitForCase('plant:9', 'contained');
    });

    it('is read with 256 KB, and only its known fields are kept', async () => {
      await e2e.enroll('verbose');

      await e2e.publishAlert(padTo256Kb(anAlert('verbose')));

      expect(JSON.stringify(await e2e.waitForCase('verbose', 'contained')).length).toBeLessThan(10_000);
    });

    it('contains the thing once if the same event arrives fifty times', async () => {
      await e2e.enroll('echo');
      const alert = anAlert('echo');

      await Promise.all(Array.from({ length: 50 }, () => e2e.publishAlert(alert)));
      const { caseId } = await e2e.waitForCase('echo', 'contained');
      await e2e.waitForQuiet();

      const timeline = await e2e.timelineOf(caseId);
      expect(timeline.filter((line) => line.startsWith('quarantine applied'))).toHaveLength(1);
      expect(timeline.filter((line) => line.startsWith('in alarm'))).toHaveLength(1);
      expect((await e2e.loadCase('echo'))?.caseId).toBe(caseId);
    });

    it('is neither ended by an older clear nor released by any clear', async () => {
      await e2e.enroll('disordered');
      const at = Date.now();
      const event = (violationEventType: string, violationEventTime: number) =>
        e2e.publishAlert(anAlert('disordered', { violationEventType, violationEventTime, violationId: 'v' }));
      await event('in-alarm', at);
      await e2e.waitForCase('disordered', 'contained');

      await event('alarm-cleared', at - 1_000);
      await event('in-alarm', at - 2_000);
      await e2e.waitForQuiet();
      const held = await e2e.loadCase('disordered');
      expect(Object.values(held?.violations ?? {})).toMatchObject([
        { lastEventType: 'in-alarm', lastEventAt: at },
      ]);

      await event('alarm-cleared', at + 1_000);
      await e2e.waitForQuiet();
      expect(await e2e.loadCase('disordered')).toMatchObject({
        status: 'contained',
        violations: { 'myapp-processes/no-child-processes': { lastEventType: 'alarm-cleared' } },
      });
    });
  });
}
