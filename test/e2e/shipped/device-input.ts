import { AttachPolicyCommand, CreatePolicyCommand } from '@aws-sdk/client-iot';
import { encode } from 'cborg';
import { createCertificateAuthority } from '../../../local/aws/mqtt/certificates';
import { aReport } from '../alerts';
import { waitUntil } from '../harness';
import { collectAnswers, connectOnce, publishOrCut } from '../mqtt-client';
import { e2e } from './stack';

const reports = (thingName: string, format = 'json') => `cordon/things/${thingName}/reports/${format}`;

/** A device that hears the answers to its reports. */
async function startReporter(thingName: string) {
  const client = await e2e.connect(await e2e.enroll(thingName));
  const answers = collectAnswers(client);
  await client.subscribeAsync(`cordon/things/${thingName}/reports/+/+`, { qos: 1 });
  return { client, answers };
}

/** The messages of a device, or of somebody who poses as one. */
export function testDeviceInput(): void {
  describe('the connection of a device', () => {
    const connect = (cert?: { certificatePem: string; privateKeyPem: string }) =>
      connectOnce(e2e.stack.broker.port, {
        clientId: 'intruder',
        ca: e2e.stack.ca.certificatePem,
        ...(cert && { cert: cert.certificatePem, key: cert.privateKeyPem }),
      });

    it('is refused without a certificate', async () => {
      await expect(connect()).rejects.toThrow();
    });

    it('is refused with a certificate of a foreign CA', async () => {
      const foreign = await createCertificateAuthority();

      await expect(
        connect(await foreign.issueDeviceCertificate({ commonName: 'intruder' })),
      ).rejects.toThrow();
    });

    it('is refused with a registered certificate that has expired', async () => {
      const expired = await e2e.stack.ca.issueDeviceCertificate({
        commonName: 'intruder',
        notBefore: new Date(Date.now() - 2 * 86_400_000),
        notAfter: new Date(Date.now() - 86_400_000),
      });
      e2e.stack.registry.certificates.register(expired.certificatePem, 'ACTIVE');

      await expect(connect(expired)).rejects.toThrow();
      expect(e2e.log.map(({ fields }) => fields.reason)).toContain('the certificate has expired');
    });

    it('is closed if the device reports on the topic of another, and no case is opened', async () => {
      await e2e.enroll('victim');
      const client = await e2e.connect(await e2e.enroll('liar'));

      const outcome = await publishOrCut(client, reports('victim'), JSON.stringify(aReport(1)));
      await e2e.waitForQuiet();

      expect(outcome).toBe('cut');
      expect(e2e.log).toContainEqual({
        message: 'publish refused',
        fields: {
          clientId: 'liar',
          topic: reports('victim'),
          reason: 'not authorized',
          denied: 'iot:Publish',
        },
      });
      expect(await e2e.loadCase('victim')).toBeUndefined();
    });

    it('asks people first if a broad policy lets the device report for another thing', async () => {
      const forger = await e2e.enroll('forger');
      await e2e.enroll('framed');
      const resource = 'arn:aws:iot:us-east-1:000000000000:topic/cordon/things/*';
      const statement = { Effect: 'Allow', Action: 'iot:Publish', Resource: resource };
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await e2e.iot.send(new CreatePolicyCommand({ policyName: 'too-wide', policyDocument }));
      await e2e.iot.send(new AttachPolicyCommand({ policyName: 'too-wide', target: forger.certificateArn }));
      const client = await e2e.connect(forger);

      expect(await publishOrCut(client, reports('framed'), JSON.stringify(aReport(1)))).toBe('acknowledged');
      const { reason, ledger } = await e2e.waitForCase('framed', 'awaiting-approval');

      expect({ reason, ledger }).toEqual({
        reason: 'the report came from a certificate that is not attached to this thing, so it may be forged',
        ledger: [],
      });
      expect(client.connected).toBe(true);
    });
  });

  describe('a wrong report', () => {
    const notUtf8 = Buffer.concat([Buffer.from('{"header":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const wrong: readonly (readonly [title: string, payload: string | Buffer, code: string])[] = [
      ['truncated JSON', JSON.stringify(aReport(1)).slice(0, -3), 'Malformed'],
      ['bytes that are not UTF-8', notUtf8, 'Malformed'],
      ['a bare number', '7', 'Malformed'],
      ['nothing', '', 'Malformed'],
      ['no header', JSON.stringify({ custom_metrics: {} }), 'MissingHeader'],
      [
        'a report id as text',
        JSON.stringify(aReport(1, { header: { report_id: '1', version: '1.0' } })),
        'InvalidPayload',
      ],
      ['no metrics', JSON.stringify({ header: { report_id: 1, version: '1.0' } }), 'InvalidPayload'],
      [
        'a number that is not in a list',
        JSON.stringify(aReport(1, { custom_metrics: { num_child_procs_myapp: { number: 1 } } })),
        'InvalidPayload',
      ],
      [
        'a number as text',
        JSON.stringify(aReport(1, { custom_metrics: { num_child_procs_myapp: [{ number: '1' }] } })),
        'InvalidPayload',
      ],
    ];

    it('is answered on the rejected topic, and the next one is judged', async () => {
      const { client, answers } = await startReporter('clumsy');

      for (const [, payload] of wrong)
        expect(await publishOrCut(client, reports('clumsy'), payload)).toBe('acknowledged');
      const good = aReport(0);
      await publishOrCut(client, reports('clumsy'), JSON.stringify(good));
      await waitUntil(
        () => `${wrong.length + 1} answers, there are ${answers.length}`,
        () => answers.length === wrong.length + 1,
      );

      const rejected = answers.filter(({ topic }) => topic.endsWith('/rejected'));
      expect(
        rejected.map(({ body }) => (body.statusDetails as { ErrorCode: string }).ErrorCode).sort(),
      ).toEqual(wrong.map(([, , code]) => code).sort());
      expect(
        answers.filter(({ topic }) => topic.endsWith('/accepted')).map(({ body }) => body),
      ).toMatchObject([{ thingName: 'clumsy', reportId: good.header.report_id, status: 'ACCEPTED' }]);
      expect(await e2e.loadCase('clumsy')).toBeUndefined();
    });

    it('ends the session of its device if it is over 128 KB', async () => {
      const { client } = await startReporter('talker');
      const report = aReport(1, { padding: 'x'.repeat(128 * 1024) });

      expect(await publishOrCut(client, reports('talker'), JSON.stringify(report))).toBe('cut');

      await e2e.waitForQuiet();
      expect(await e2e.loadCase('talker')).toBeUndefined();
    });

    it.each([
      ['truncated', Buffer.from(encode(aReport(1))).subarray(0, -2)],
      ['random', Buffer.from('ff00ff00ff', 'hex')],
    ])('is rejected if it is %s CBOR', async (title, payload) => {
      const { client, answers } = await startReporter(`cbor-${title}`);

      await publishOrCut(client, reports(`cbor-${title}`, 'cbor'), payload);
      await waitUntil(
        () => 'an answer',
        () => answers.length === 1,
      );

      expect(answers).toMatchObject([
        { topic: `${reports(`cbor-${title}`, 'cbor')}/rejected`, body: { status: 'REJECTED' } },
      ]);
      expect(await e2e.loadCase(`cbor-${title}`)).toBeUndefined();
    });
  });

  describe('a valid report', () => {
    it('is judged in CBOR as in JSON, and answered in CBOR', async () => {
      const { client, answers } = await startReporter('compact');
      const reportId = Date.now();
      const report = (children: number, id: number) =>
        Buffer.from(encode(aReport(children, { header: { report_id: BigInt(id), version: '1.0' } })));

      // A containment may cut the session before the answer to its report comes.
      await publishOrCut(client, reports('compact', 'cbor'), report(0, reportId));
      await waitUntil(
        () => 'an answer',
        () => answers.length > 0,
      );
      await publishOrCut(client, reports('compact', 'cbor'), report(2, reportId + 1));
      expect(answers[0]).toMatchObject({
        topic: `${reports('compact', 'cbor')}/accepted`,
        body: { reportId, status: 'ACCEPTED' },
      });

      const { violations } = await e2e.waitForCase('compact', 'contained');
      expect(Object.values(violations)).toMatchObject([{ value: { number: 2 } }]);
    });

    it.each([
      ['beyond what JavaScript counts exactly', 2 ** 60],
      ['beyond what the table takes', 1e300],
    ])('contains a device that reports a number %s', async (title, number) => {
      const thingName = `number-${title.replaceAll(' ', '-')}`;
      const { client } = await startReporter(thingName);

      await publishOrCut(
        client,
        reports(thingName),
        JSON.stringify(aReport(number, { evidence: [{ pid: number }] })),
      );

      const { violations } = await e2e.waitForCase(thingName, 'contained');
      expect(Object.values(violations)).toMatchObject([{ value: { number: Math.min(number, 1e100) } }]);
    });

    it.each([
      ['the two characters that SQS refuses', 'miner \uffff\ufffe'],
      ['half a character', 'miner \ud800'],
      ['a character that is cut in two at the limit', `${'x'.repeat(1_022)}🦠🦠`],
    ])('contains a device whose process has %s in its command line', async (title, commandLine) => {
      const thingName = `text-${title.replaceAll(' ', '-')}`;
      const { client } = await startReporter(thingName);
      const report = aReport(1, { evidence: [{ pid: 7, commandLine }] });

      await publishOrCut(client, reports(thingName), JSON.stringify(report));

      const { violations } = await e2e.waitForCase(thingName, 'contained');
      const [kept = ''] = Object.values(violations).flatMap(({ evidence = [] }) =>
        evidence.flatMap((row) => row.commandLine ?? []),
      );
      expect([kept.startsWith(commandLine.slice(0, 6)), kept.isWellFormed()]).toEqual([true, true]);
    });

    it('raises one alarm if it arrives three times', async () => {
      const { client } = await startReporter('stutter');
      const report = JSON.stringify(aReport(1));

      for (let time = 0; time < 3; time += 1) void client.publish(reports('stutter'), report, { qos: 1 });
      const { caseId } = await e2e.waitForCase('stutter', 'contained');
      await e2e.waitForQuiet();

      const alarms = (await e2e.timelineOf(caseId)).filter((line) => line.startsWith('in alarm'));
      expect(alarms).toHaveLength(1);
    });
  });
}
