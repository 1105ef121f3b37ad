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
import type { CertificateAuthority } from './aws/mqtt/certificates';

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

/** The ids under which the clients of a device may connect: with the same id, each ends the other's session. */
export type ClientIds = 'thing name only' | 'application and agent';

/** The agent's client id, as `cordon enroll` gives it. */
export function agentClientId(thingName: string): string {
  return `${thingName}-cordon`;
}

/** A device may connect under its own client ids only, and use its own topics only. */
function writeDevicePolicy(ids: ClientIds): string {
  const clients = ids === 'thing name only' ? [thing] : [thing, agentClientId(thing)];
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: clients.map((id) => own('client', id)),
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
  });
}

const policyName = 'device';

export async function createDevicePolicy(iot: IoTClient, ids: ClientIds = 'thing name only'): Promise<void> {
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument: writeDevicePolicy(ids) }));
}

/** Registers a thing with a certificate of its own and writes both files, the key for the owner alone. */
export async function enrollDevice(
  thingName: string,
  iot: IoTClient,
  ca: CertificateAuthority,
  directory: string,
  ids: ClientIds = 'thing name only',
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
  if (!certificateArn)
    throw new Error(`the local registry returned no ARN for the certificate of ${thingName}`);
  await iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
  // Exclusively, the thing's name is known under any client id of the certificate.
  const thingPrincipalType = ids === 'thing name only' ? 'NON_EXCLUSIVE_THING' : 'EXCLUSIVE_THING';
  await iot.send(
    new AttachThingPrincipalCommand({ thingName, principal: certificateArn, thingPrincipalType }),
  );
  return { thingName, certificateArn, cert, key };
}
