import { createRequire } from 'node:module';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import { createKey, createSigningRequest } from '../../../cli/enroll/key';
import { writeProvisioningStack } from '../../../cli/enroll/provisioning';
import { computeCertificateId, type IssuedCertificate } from '../../../local/aws/mqtt/certificates';
import { awsError } from '../../aws-error';
import { collect, type Stack, startStack, tryPublish, waitFor } from '../../local/aws/mqtt/stack';
import { mockClient } from '../../mock-client';
import { resolveProperties } from './resolve-template';

/** What `cordon enroll --template` prints, deployed by hand to the broker that enforces policies as AWS IoT does. */

const template = writeProvisioningStack('dev', 'cordon', []);
const iot = mockClient(IoTClient);
const csrTopic = '$aws/certificates/create-from-csr/json';
const provisionTopic = '$aws/provisioning-templates/cordon-dev/provision/json';

let stack: Stack;
let claim: IssuedCertificate;

beforeAll(async () => {
  process.env.THING_NAME_PREFIX = 'sensor-';
  const { handler } = createRequire(import.meta.url)('../../../cli/enroll/provisioning-hook.cjs');
  stack = await startStack({ invokeFunction: (_arn, event) => handler(event) });
  const { registry, ca } = stack;
  // The hook asks the registry of this test.
  iot.on(DescribeThingCommand).callsFake(({ thingName }) => {
    if (!registry.thing(thingName)) throw awsError('ResourceNotFoundException');
    return { thingName };
  });
  for (const name of ['DevicePolicy', 'ClaimPolicy']) {
    const { PolicyName, PolicyDocument } = resolveProperties(template, name);
    registry.policies.create(String(PolicyName), JSON.stringify(PolicyDocument));
  }
  const { TemplateName, TemplateBody } = resolveProperties(template, 'ProvisioningTemplate');
  registry.provisioningTemplates.create(String(TemplateName), {
    body: String(TemplateBody),
    enabled: true,
    hookArn: 'arn:aws:lambda:eu-west-1:123456789012:function:hook',
  });
  claim = await ca.issueDeviceCertificate({ commonName: 'lot 7' });
  const { arn } = registry.certificates.register(claim.certificatePem, 'ACTIVE');
  registry.policies.attach('cordon-dev-claim', arn);
});
afterAll(() => stack.close());

/** Publishes a request and gives the answer that AWS IoT sends. */
async function ask(
  client: MqttClient,
  topic: string,
  request: unknown,
): Promise<[string, Record<string, unknown>]> {
  await client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 });
  const before = collect(client).length;
  await client.publishAsync(topic, JSON.stringify(request), { qos: 1 });
  const message = await waitFor(() => collect(client)[before]);
  const [answered = '', ...text] = message.split(' ');
  return [answered.slice(topic.length + 1), JSON.parse(text.join(' '))];
}

async function provision(clientId: string, serial: string) {
  const client = await stack.connect(claim, { clientId });
  const privateKeyPem = await createKey();
  const certificateSigningRequest = await createSigningRequest(serial, privateKeyPem);
  const [made, certificate] = await ask(client, csrTopic, { certificateSigningRequest });
  expect(made).toBe('accepted');
  const { certificatePem, certificateId, certificateOwnershipToken } = certificate as Record<string, string>;
  const request = { certificateOwnershipToken, parameters: { SerialNumber: serial } };
  const [outcome, answer] = await ask(client, provisionTopic, request);
  return {
    client,
    certificateOwnershipToken,
    outcome,
    answer,
    issued: { certificatePem, privateKeyPem, certificateId } as IssuedCertificate,
  };
}

describe('fleet provisioning by the template of cordon enroll', () => {
  it('gives a device with a claim the same rights as an enrolled one', async () => {
    const { outcome, answer, issued } = await provision('lot-claim-1', '7');

    expect([outcome, answer]).toEqual(['accepted', { deviceConfiguration: {}, thingName: 'sensor-7' }]);
    const device = await stack.connect(issued, { clientId: 'sensor-7' });
    expect(await tryPublish(device, 'cordon/things/sensor-7/reports/json', '{}')).toBe('acknowledged');
    expect(await tryPublish(device, 'cordon/things/sensor-70/reports/json', '{}')).toBe('cut');
    await expect(stack.connect(issued, { clientId: 'sensor-70' })).rejects.toThrow();
  });

  it('refuses the name of an existing thing, so a claim never becomes another device', async () => {
    stack.registry.things.create('sensor-8');

    const { outcome, answer, issued } = await provision('lot-claim-2', '8');

    expect([outcome, answer]).toEqual([
      'rejected',
      { statusCode: 401, errorCode: 'UnauthorizedException', errorMessage: 'AccessDenied' },
    ]);
    await expect(stack.connect(issued, { clientId: 'sensor-8' })).rejects.toThrow();
  });

  it('lets a claim use no other topic and no other client id', async () => {
    await expect(stack.connect(claim, { clientId: 'sensor-9' })).rejects.toThrow();
    for (const topic of [
      'cordon/things/sensor-9/reports/json',
      '$aws/provisioning-templates/other/provision/json',
    ])
      expect(await tryPublish(await stack.connect(claim, { clientId: 'lot-claim-3' }), topic, '{}')).toBe(
        'cut',
      );
  });

  it('provisions nothing while the template is off, by a token that was used, or without one', async () => {
    const { client, certificateOwnershipToken } = await provision('lot-claim-4', '4');
    const again = { certificateOwnershipToken, parameters: { SerialNumber: '5' } };
    expect((await ask(client, provisionTopic, again))[0]).toBe('rejected');
    expect((await ask(client, provisionTopic, { parameters: {} }))[0]).toBe('rejected');
    expect((await ask(client, csrTopic, { certificateSigningRequest: 'none' }))[0]).toBe('rejected');

    stack.registry.provisioningTemplates.setEnabled('cordon-dev', false);
    const { outcome } = await provision('lot-claim-5', '5');
    stack.registry.provisioningTemplates.setEnabled('cordon-dev', true);
    expect([outcome, stack.registry.thing('sensor-5')]).toEqual(['rejected', undefined]);
  });

  it('names a certificate by its fingerprint, and keeps it unusable until it is provisioned', async () => {
    const client = await stack.connect(claim, { clientId: 'lot-claim-6' });
    const certificateSigningRequest = await createSigningRequest('6', await createKey());
    const [, { certificateId, certificatePem }] = await ask(client, csrTopic, { certificateSigningRequest });

    const der = Buffer.from(String(certificatePem).replace(/-----.*-----|\s/g, ''), 'base64');
    expect(certificateId).toBe(computeCertificateId(der));
    expect(stack.registry.certificateByFingerprint(String(certificateId))?.status).toBe('PENDING_ACTIVATION');
  });
});
