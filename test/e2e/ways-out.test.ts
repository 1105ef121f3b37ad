import { readFile } from 'node:fs/promises';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreatePolicyCommand,
  CreateRoleAliasCommand,
  DetachThingPrincipalCommand,
  RegisterCertificateWithoutCACommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../local/devices';
import { call } from '../local/aws/mqtt/device-https';
import { anAlert } from './alerts';
import { type EndToEnd, ended, startEndToEnd } from './harness';
import { connectOnce, publishOrCut } from './mqtt-client';

/** IoT Core takes 6 to 8 minutes; a minute is long enough for each attempt to meet what is cached. */
const policyCacheSeconds = 60;

let e2e: EndToEnd;
/** What got through to the fleet's own subscriber, by topic. */
const heard: string[] = [];
let listener: MqttClient;

async function start(options: Parameters<typeof startEndToEnd>[0]): Promise<void> {
  e2e = await startEndToEnd(options);
  await e2e.iot.send(
    new CreatePolicyCommand({
      policyName: 'wide',
      policyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['iot:*', 'iotjobsdata:*'], Resource: '*' }],
      }),
    }),
  );
  await e2e.iot.send(
    new CreateRoleAliasCommand({ roleAlias: 'uploader', roleArn: 'arn:aws:iam::000000000000:role/uploader' }),
  );
  const subscriber = await enrollWide('subscriber');
  listener = await e2e.connect(subscriber);
  await listener.subscribeAsync(['app/#', 'retained/#'], { qos: 1 });
  listener.on('message', (topic) => heard.push(topic));
  heard.length = 0;
}

async function enrollWide(thingName: string): Promise<Device> {
  const device = await e2e.enroll(thingName);
  await e2e.iot.send(new AttachPolicyCommand({ policyName: 'wide', target: device.certificateArn }));
  return device;
}

/** A second certificate of the thing that no device can use, with the policy of the first. */
async function addDeadCertificate({ thingName }: Device): Promise<void> {
  const { certificatePem } = await e2e.stack.ca.issueDeviceCertificate({ commonName: `${thingName}-old` });
  const { certificateArn = '', certificateId } = await e2e.iot.send(
    new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
  );
  await e2e.iot.send(new AttachPolicyCommand({ policyName: 'wide', target: certificateArn }));
  await e2e.iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
  await e2e.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
}

/** Each way over HTTPS by what it answers. */
async function tryHttps({ thingName, cert, key }: Device): Promise<Record<string, number>> {
  const certificate = {
    certificatePem: await readFile(cert, 'utf8'),
    privateKeyPem: await readFile(key, 'utf8'),
  };
  const ways = [
    `POST /topics/app/${thingName}/https?qos=1`,
    `POST /topics/retained/${thingName}?qos=1&retain=true`,
    `GET /retainedMessage/retained/news`,
    'GET /retainedMessage',
    `GET /things/${thingName}/shadow`,
    `POST /things/${thingName}/shadow`,
    'POST /things/victim/shadow',
    `GET /things/${thingName}/jobs`,
    'DELETE /connections/victim',
    'GET /role-aliases/uploader/credentials',
  ];
  const answers = await Promise.all(
    ways.map(async (way): Promise<[string, number]> => {
      const answer = await call(e2e.stack, e2e.stack.https, certificate, way, {
        ...(way.startsWith('POST') && { body: '{"state":{"desired":{"held":false}}}' }),
      }).catch(() => ({ status: 403 }));
      return [way, answer.status];
    }),
  );
  return Object.fromEntries(answers);
}

/** Comes back over MQTT under each client id, publishes, leaves a last will; returns what was acknowledged. */
async function tryMqtt({ thingName, cert, key }: Device): Promise<string[]> {
  const credentials = { cert: await readFile(cert), key: await readFile(key) };
  const through: string[] = [];
  for (const clientId of [thingName, `${thingName}-cordon`, `${thingName}/2`, 'victim']) {
    const client = await connectOnce(e2e.stack.broker.port, {
      clientId,
      ca: e2e.stack.ca.certificatePem,
      ...credentials,
      will: { topic: `app/${thingName}/will`, payload: Buffer.from('x'), qos: 1, retain: false },
    }).catch(() => undefined);
    if (!client) continue;
    const outcome = await publishOrCut(client, `app/${thingName}/telemetry`, clientId);
    if (outcome === 'acknowledged') through.push(clientId);
    client.stream.destroy();
    client.end(true);
  }
  return through;
}

describe('a held device with a broad policy and a second, inactive certificate, while policies are cached,', () => {
  beforeAll(() => start({ policyCacheSeconds }), 60_000);
  afterAll(() => e2e.close());

  it('sends nothing, whatever way it tries', async () => {
    const victim = await e2e.connect(await enrollWide('victim'));
    let victimCut = false;
    victim.once('close', () => {
      victimCut = true;
    });
    const device = await enrollWide('held');
    await addDeadCertificate(device);
    const first = await e2e.connect(device);
    expect(await publishOrCut(first, 'app/held/telemetry', 'before')).toBe('acknowledged');
    // Sessions that began before Cordon was told of any, under client ids that are not the device's.
    const others = await Promise.all(
      ['held-app', 'any/other id', 'no XML\uffff'].map((clientId) => e2e.connect(device, { clientId })),
    );
    expect(Object.values(await tryHttps(device)).filter((status) => status === 403)).toEqual([]);
    // That cut the victim, as the wide policy lets it.
    victimCut = false;

    await e2e.publishAlert(anAlert('held'));
    await Promise.all([first, ...others].map(ended));
    heard.length = 0;
    const attempts: Record<string, number>[] = [];
    const overMqtt: string[] = [];
    const until = Date.now() + policyCacheSeconds * 1_000;
    let settled = false;
    const settling = e2e.waitForCase('held', 'contained').then((record) => {
      settled = true;
      return record;
    });
    do {
      attempts.push(await tryHttps(device));
      overMqtt.push(...(await tryMqtt(device)));
    } while (!settled || (attempts.length < 20 && Date.now() < until));
    const { ledger } = await settling;

    const open = attempts.flatMap((one) => Object.entries(one).filter(([, status]) => status !== 403));
    expect({ open, overMqtt, heard, victimCut }).toEqual({
      open: [],
      overMqtt: [],
      heard: [],
      victimCut: false,
    });
    expect(ledger.map(({ action, status }) => [action, status])).toEqual([
      ['deactivate-certificate', 'verified'],
      ['disconnect', 'verified'],
      ['quarantine', 'verified'],
      ['deny-certificate', 'verified'],
    ]);
  }, 180_000);
});

describe('a certificate that somebody attaches to a held thing, while its policies are cached,', () => {
  beforeAll(() => start({ policyCacheSeconds }), 60_000);
  afterAll(() => e2e.close());

  it('sends nothing under any client id once the sweep has seen it', async () => {
    const device = await enrollWide('grown');
    await e2e.publishAlert(anAlert('grown'));
    await e2e.waitForCase('grown', 'contained');
    const { certificatePem, privateKeyPem } = await e2e.stack.ca.issueDeviceCertificate({
      commonName: 'grown-2',
    });
    const { certificateArn = '' } = await e2e.iot.send(
      new RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
    );
    await e2e.iot.send(new AttachPolicyCommand({ policyName: 'wide', target: certificateArn }));
    await e2e.iot.send(new AttachThingPrincipalCommand({ thingName: 'grown', principal: certificateArn }));
    const credentials = { cert: certificatePem, key: privateKeyPem };
    // Its policies are cached from now on.
    const early = await e2e.connect(device, { clientId: 'grown/2', ...credentials });
    expect(await publishOrCut(early, 'app/grown/telemetry', '1')).toBe('acknowledged');

    await e2e.waitForQuiet();
    await e2e.makeDue('grown');
    expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    await ended(early);
    await e2e.waitForQuiet();
    heard.length = 0;
    for (const clientId of ['grown', 'grown-cordon', 'grown/2', 'grown/3'])
      await expect(e2e.connect(device, { clientId, ...credentials })).rejects.toThrow('refused');

    expect(heard).toEqual([]);
    expect(await e2e.loadCase('grown')).toMatchObject({ status: 'contained' });
  });
});

describe('a held device with a broad policy, once its denial has spread,', () => {
  beforeAll(() => start({}), 60_000);
  afterAll(() => e2e.close());

  it('sends nothing but reports', async () => {
    const device = await enrollWide('spread');
    await e2e.connect(device);
    await e2e.publishAlert(anAlert('spread'));
    await e2e.waitForCase('spread', 'contained');
    heard.length = 0;

    const open = Object.entries(await tryHttps(device)).filter(([, status]) => status !== 403);

    expect({ open, overMqtt: await tryMqtt(device), heard }).toEqual({ open: [], overMqtt: [], heard: [] });
    const reporter = await e2e.connect(device);
    expect(await publishOrCut(reporter, 'cordon/things/spread/reports/json', '{}')).toBe('acknowledged');
  });

  it('permits its agent to report under its own client id if only this thing uses the certificate', async () => {
    const device = await enrollWide('exclusive');
    const attachment = { thingName: device.thingName, principal: device.certificateArn };
    await e2e.iot.send(new DetachThingPrincipalCommand(attachment));
    await e2e.iot.send(
      new AttachThingPrincipalCommand({ ...attachment, thingPrincipalType: 'EXCLUSIVE_THING' }),
    );
    await e2e.publishAlert(anAlert('exclusive'));
    await e2e.waitForCase('exclusive', 'contained');

    const agent = await e2e.connect(device, { clientId: 'exclusive-cordon' });

    expect(await publishOrCut(agent, 'cordon/things/exclusive/reports/json', '{}')).toBe('acknowledged');
    expect(await publishOrCut(agent, 'cordon/things/victim/reports/json', '{}')).toBe('cut');
    await expect(e2e.connect(device, { clientId: 'victim' })).rejects.toThrow('Not authorized');
  });
});
