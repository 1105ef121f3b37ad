import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  type IoTClient,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot';
import type { CertificateAuthority } from './mqtt/certificates';

export interface Device {
  readonly thingName: string;
  readonly certificateArn: string;
  readonly cert: string;
  readonly key: string;
}

const arnPrefix = 'arn:aws:iot:us-east-1:000000000000';
const own = (kind: string, topic: string) => `${arnPrefix}:${kind}/${topic}`;
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: variables of IoT policies.
const thing = '${iot:Connection.Thing.ThingName}';
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the policy variables.
const ownTopics = [
  `app/${thing}/*`,
  `cordon/things/${thing}/*`,
  `$aws/things/${thing}/defender/*`,
  `$aws/things/${thing}/shadow/*`,
];

/** A device may connect under its thing's name only, and use its own topics only. */
const devicePolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: own('client', thing),
      Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
    },
    {
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: ownTopics.map((topic) => own('topic', topic)),
    },
    {
      Effect: 'Allow',
      Action: 'iot:Subscribe',
      Resource: ownTopics.map((topic) => own('topicfilter', topic)),
    },
  ],
};

const policyName = 'device';

export async function createDevicePolicy(iot: IoTClient): Promise<void> {
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument: JSON.stringify(devicePolicy) }));
}

/** Registers a thing with a certificate of its own and writes both files, the key for the owner alone. */
export async function enrollDevice(
  thingName: string,
  iot: IoTClient,
  ca: CertificateAuthority,
  directory: string,
): Promise<Device> {
  const { certificatePem, privateKeyPem } = await ca.issueDeviceCertificate({ commonName: thingName });
  const folder = join(directory, thingName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const cert = join(folder, 'certificate.pem');
  const key = join(folder, 'private.key');
  await writeFile(cert, certificatePem);
  await writeFile(key, privateKeyPem, { mode: 0o600 });
  await iot.send(new CreateThingCommand({ thingName }));
  const { certificateArn } = await iot.send(
    new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
  );
  if (!certificateArn) throw new Error('the registry gave the certificate no ARN');
  await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
  return { thingName, certificateArn, cert, key };
}
