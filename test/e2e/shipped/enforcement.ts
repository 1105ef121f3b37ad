import { AttachPolicyCommand, CreatePolicyCommand, DetachPolicyCommand } from '@aws-sdk/client-iot';
import type { Device } from '../../../local/devices';
import { thingKey } from '../../../shared/domain/thing-ref';
import { anAlert, aReport } from '../alerts';
import { ended, waitUntil } from '../harness';
import { collectAnswers, publishOrCut } from '../mqtt-client';
import { e2e } from './stack';

const telemetry = (thingName: string) => `app/${thingName}/telemetry`;

/** The remaining rights of a contained device. */
export function testEnforcement(): void {
  describe('a contained device', () => {
    it('loses its session and every later application message, but may still report', async () => {
      const device = await e2e.enroll('held');
      const before = await e2e.connect(device);
      expect(await publishOrCut(before, telemetry('held'), '1')).toBe('acknowledged');

      await e2e.publishAlert(anAlert('held'));
      await e2e.waitForCase('held', 'contained');
      await ended(before);

      expect(await publishOrCut(await e2e.connect(device), telemetry('held'), '2')).toBe('cut');
      const reporter = await e2e.connect(device);
      const answers = collectAnswers(reporter);
      await reporter.subscribeAsync('cordon/things/held/reports/json/+', { qos: 1 });
      const report = aReport(1);
      await publishOrCut(reporter, 'cordon/things/held/reports/json', JSON.stringify(report));
      await waitUntil(
        () => 'the answer to the report',
        () => answers.length > 0,
      );
      expect(answers).toMatchObject([
        { topic: 'cordon/things/held/reports/json/accepted', body: { reportId: report.header.report_id } },
      ]);
      expect(await publishOrCut(reporter, telemetry('held'), '3')).toBe('cut');
    });

    it('has its denial proven by a second source if TestAuthorization gives no answer', async () => {
      await e2e.enroll('unanswered');
      e2e.stack.aws.gateway.setFaults([
        {
          action: 'iot:TestAuthorization',
          probability: 1,
          kind: 'refuse',
          error: 'CertificateStateException',
        },
      ]);

      await e2e.publishAlert(anAlert('unanswered'));
      const { ledger } = await e2e.waitForCase('unanswered', 'contained');
      e2e.stack.aws.gateway.setFaults([]);

      expect(ledger.find(({ action }) => action === 'quarantine')?.detail).toContain(
        'by GetEffectivePolicies',
      );
    });

    it('is cut at once even if its certificate has ten policies, and no more can be attached', async () => {
      const device = await enrollLoose('full');
      for (let more = 2; more <= 10; more += 1) {
        const policyName = `filler-${more}`;
        const policyDocument = JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:0:client/x' },
          ],
        });
        await e2e.iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
        await e2e.iot.send(new AttachPolicyCommand({ policyName, target: device.certificateArn }));
      }
      const client = await e2e.connect(device);

      await e2e.publishAlert(anAlert('full'));
      await ended(client);
      const { ledger, reason } = await e2e.waitForCase('full', 'containment-failed');

      expect(reason).toContain('LimitExceededException');
      expect(ledger.map(({ action, status }) => [action, status])).toEqual([
        ['disconnect', 'verified'],
        // The group doesn't bind the agent's client id, which the policy allows as well.
        ['quarantine', 'applied'],
        ['deny-certificate', 'failed'],
      ]);
      expect(ledger[0]?.attempts).toBe(1);
    });

    it('is announced again until somebody takes the failed containment', async () => {
      const thingName = thingKey('full');
      const reminders = () =>
        e2e.stack.aws.slack
          .messages()
          .filter(({ text }) => text.includes('full') && text.includes('nobody has taken it since'));
      const comeDue = async () => {
        await e2e.makeDue('full');
        await e2e.command({ type: 'resume', thingName });
        await e2e.waitForQuiet();
      };

      await comeDue();
      await waitUntil(
        () => 'the reminder in Slack',
        () => reminders().length > 0,
      );
      await e2e.command({ type: 'assign', thingName, actor: 'ada', assignee: 'ada' });
      await waitUntil(
        () => 'the assignment',
        async () => (await e2e.loadCase('full'))?.assignee === 'ada',
      );
      expect(await e2e.loadCase('full')).not.toHaveProperty('reminder');
      const told = reminders().length;
      await comeDue();

      expect(reminders()).toHaveLength(told);
    });

    it('receives nothing on its application topics', async () => {
      const device = await e2e.enroll('deaf');
      await e2e.publishAlert(anAlert('deaf'));
      await e2e.waitForCase('deaf', 'contained');

      const client = await e2e.connect(device);

      await expect(client.subscribeAsync('app/deaf/commands', { qos: 1 })).rejects.toThrow();
      await ended(client);
    });

    it('is denied by its certificate too if its policy permits another client id', async () => {
      const device = await enrollLoose('loose');
      const client = await e2e.connect(device, { clientId: 'loose-2' });
      await publishOrCut(client, 'cordon/things/loose/reports/json', JSON.stringify(aReport(1)));

      const { ledger } = await e2e.waitForCase('loose', 'contained');

      expect(ledger.map(({ action, status }) => [action, status])).toEqual([
        ['disconnect', 'verified'],
        ['quarantine', 'verified'],
        ['deny-certificate', 'verified'],
      ]);
      await ended(client);
      for (const clientId of ['loose-2', 'loose-3'])
        await expect(e2e.connect(device, { clientId })).rejects.toThrow('Not authorized');
      expect(await publishOrCut(await e2e.connect(device), telemetry('loose'), '1')).toBe('cut');
    });

    /** A device whose policy forgets to bind the client id to the thing, as many do. */
    async function enrollLoose(thingName: string): Promise<Device> {
      const device = await e2e.enroll(thingName);
      const target = device.certificateArn;
      const statement = { Effect: 'Allow', Action: 'iot:*', Resource: '*' };
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await e2e.iot.send(new CreatePolicyCommand({ policyName: `${thingName}-all`, policyDocument }));
      await e2e.iot.send(new AttachPolicyCommand({ policyName: `${thingName}-all`, target }));
      await e2e.iot.send(new DetachPolicyCommand({ policyName: 'device', target }));
      return device;
    }
  });
}
