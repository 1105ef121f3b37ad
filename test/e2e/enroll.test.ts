import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreatePolicyVersionCommand,
  DescribeCertificateCommand,
  GetPolicyCommand,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { createKey, createSigningRequest } from '../../cli/enroll/key';
import { createCertificateAuthority } from '../../local/aws/mqtt/certificates';
import { type AppProcess, startApp } from '../../local/story/app-process';
import { type AgentProgram, runAgent } from '../agent/agent-program';
import { endTurn, takeTurn, turnTimeoutMs } from '../take-turn';
import { type Cli, openCli } from './cli-process';
import { type DocumentedCaller, registerDocumented } from './documented-rights';
import { type EndToEnd, ended, root, startEndToEnd } from './harness';
import { connectOnce, publishOrCut, readCredentials } from './mqtt-client';

const bundle = join(root, 'dist', 'agent', 'cordon-agent.cjs');
const appTopic = ['--topic', 'app/$' + '{thing}/*'];

let e2e: EndToEnd;
/** The command with the rights of docs/iam/enroll.json only. */
let cli: Cli;
/** Who operates cases: enrolling alone gives no right to. */
let operator: Cli;
let caller: DocumentedCaller;
const running: AgentProgram[] = [];
let app: AppProcess | undefined;

beforeAll(takeTurn, turnTimeoutMs);

beforeAll(async () => {
  e2e = await startEndToEnd();
  caller = await registerDocumented(e2e, 'enroll');
  const configuration = await readFile(join(root, 'cordon.yml'), 'utf8');
  cli = await openCli(e2e, configuration, caller.credentials);
  operator = await openCli(e2e, configuration);
}, 120_000);

afterAll(async () => {
  await Promise.all(running.map((agent) => agent.kill()));
  // Ends it before the turn ends, even if the test failed: otherwise agents of other test files would see it.
  await app?.stop();
  await cli?.remove();
  await operator?.remove();
  await e2e?.close();
});

const folderOf = (name: string) => join(cli.folder, 'things', name);
const filesOf = (name: string) => ({
  cert: join(folderOf(name), 'certificate.pem'),
  key: join(folderOf(name), 'private.key'),
});

async function enrolled(thingName: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await cli.run('enroll', thingName, ...appTopic, ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

async function principalsOf(thingName: string): Promise<readonly string[]> {
  return (await e2e.iot.send(new ListThingPrincipalsCommand({ thingName }))).principals ?? [];
}

async function connectAs(clientId: string, files: { readonly cert: string; readonly key: string }) {
  const { certificatePem } = e2e.stack.ca;
  return connectOnce(e2e.stack.broker.port, {
    clientId,
    ca: certificatePem,
    ...(await readCredentials(files)),
  });
}

afterAll(endTurn);

describe('cordon enroll', () => {
  it('writes a folder from which the packaged agent runs, and the device can be contained, released and retired', async () => {
    expect(await enrolled('mything1')).toMatch(
      /^mything1 is enrolled with policy cordon-dev-device\. Its certificate \w{12}… is ACTIVE\. Its files are in things\/mything1\.$/,
    );
    const modes = async (file: string) =>
      ((await stat(join(folderOf('mything1'), file))).mode & 0o777).toString(8);
    expect((await readdir(folderOf('mything1'))).toSorted()).toEqual([
      'certificate.pem',
      'config.yml',
      'private.key',
      'root-ca.pem',
    ]);
    expect([await modes('private.key'), await modes('')]).toEqual(['600', '700']);

    app = await startApp(join(cli.folder, 'app'), 'myapp');
    const config = join(folderOf('mything1'), 'config.yml');
    const agent = runAgent(process.execPath, [
      bundle,
      '--config',
      config,
      '--state-dir',
      join(cli.folder, 'state'),
    ]);
    running.push(agent);
    await agent.waitForEvent('accepted');
    // Agent and application are connected at once, each under an id of its own.
    const application = await connectAs('mything1', filesOf('mything1'));
    expect(await publishOrCut(application, 'app/mything1/telemetry', '0')).toBe('acknowledged');
    expect(e2e.stack.broker.sessionOf('mything1-cordon')).toMatchObject({ state: 'connected' });
    await app.launchChild();
    await e2e.waitForCase('mything1', 'contained');
    expect(agent.events('reported').at(-1)).toMatchObject({ values: { num_child_procs_myapp: 1 } });
    await agent.waitForEvent('contained');
    await ended(application);
    const other = await cli.run(
      'enroll',
      'mything1',
      ...appTopic,
      '--rotate',
      '--out',
      join(cli.folder, 'fresh'),
    );
    expect(other.err).toBe(
      'cordon: mything1 is contained, and a new certificate would free it: release it first',
    );
    expect((await cli.run('retire', 'mything1')).err).toMatch(
      /^cordon: mything1 has an open case \(contained\): /,
    );
    expect((await agent.stop()) ?? 0).toBe(0);
    // The agent's client id is no way out.
    for (const clientId of ['mything1', 'mything1-cordon']) {
      const held = await connectAs(clientId, filesOf('mything1'));
      expect([clientId, await publishOrCut(held, 'app/mything1/telemetry', '1')]).toEqual([clientId, 'cut']);
    }
    const session = await connectAs('mything1', filesOf('mything1'));
    expect(await publishOrCut(session, 'app/mything1/telemetry', '1')).toBe('cut');

    await app.stop();
    // The app has ended, so no report will clear its alarm, and the operator has to confirm the release.
    expect(await operator.run('release', 'mything1')).toMatchObject({
      code: 3,
      err: expect.stringContaining('--force'),
    });
    expect((await operator.run('release', 'mything1', '--force')).code).toBe(0);
    const released = await connectAs('mything1', filesOf('mything1'));
    expect(await publishOrCut(released, 'app/mything1/telemetry', '1')).toBe('acknowledged');

    const planned = await cli.run('retire', 'mything1', '--dry-run');
    expect(planned.out.split('\n')).toEqual([
      expect.stringMatching(/^would deactivate certificate \w{12}…$/),
      expect.stringMatching(/^would detach policy cordon-dev-device from certificate \w{12}…$/),
      expect.stringMatching(/^would detach certificate \w{12}… from mything1$/),
      'would end the session of mything1, if it is connected',
      'would end the session of mything1-cordon, if it is connected',
      'would delete the files in things/mything1, including the key',
      expect.stringMatching(/^would delete certificate \w{12}…$/),
      'would delete policy cordon-dev-device-mything1, if it exists',
      'would delete thing mything1',
      expect.stringMatching(/^would delete policy cordon-dev-device-retiring@[0-9a-f]{32}, if it exists$/),
    ]);
    // What the device has of them.
    await cp(folderOf('mything1'), folderOf('copied'), { recursive: true });
    expect(await publishOrCut(released, 'app/mything1/telemetry', '2')).toBe('acknowledged');
    const retired = await cli.run('retire', 'mything1');
    expect(retired).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/\nmything1 is retired\.$/),
    });
    await ended(released);
    await expect(connectAs('mything1', filesOf('copied'))).rejects.toThrow('refused');
    await expect(readdir(folderOf('mything1'))).rejects.toThrow('ENOENT');
    const again = await cli.run('retire', 'mything1');
    expect(again).toMatchObject({
      code: 1,
      err: 'cordon: the local stack has no thing mything1: check the name, or use --aws',
    });
  }, 180_000);

  it('replaces the files for a local stack that has ended, and none that AWS may know', async () => {
    const ended = await (await createCertificateAuthority()).issueDeviceCertificate({ commonName: 'again' });
    const write = async (endpoint: string) => {
      await mkdir(folderOf('again'), { recursive: true });
      await writeFile(filesOf('again').cert, ended.certificatePem);
      await writeFile(filesOf('again').key, ended.privateKeyPem);
      await writeFile(join(folderOf('again'), 'config.yml'), `endpoint: ${endpoint}\n`);
    };

    await write('a1b2-ats.iot.us-east-1.amazonaws.com');
    expect(await cli.run('enroll', 'again', ...appTopic)).toMatchObject({
      code: 3,
      err: expect.stringContaining('has the files of another thing'),
    });
    expect((await e2e.iot.send(new ListThingsCommand({}))).things).not.toContainEqual(
      expect.objectContaining({ thingName: 'again' }),
    );

    await write('localhost:8883');
    await enrolled('again');
    await connectAs('again', filesOf('again'));
  });

  it('issues a certificate that is valid for one thing only, even if names have the same prefix', async () => {
    await enrolled('sensor1');
    await enrolled('sensor10');
    const files = filesOf('sensor1');

    for (const clientId of ['sensor10', 'sensor10-cordon', 'sensor1-other', 'sensor1/cordon'])
      await expect(connectAs(clientId, files)).rejects.toThrow();
    await connectAs('sensor1-cordon', files);
    const own = await connectAs('sensor1', files);
    expect(await publishOrCut(own, 'cordon/things/sensor1/reports/json', '{}')).toBe('acknowledged');
    for (const topic of [
      'cordon/things/sensor10/reports/json',
      'app/sensor10/telemetry',
      'cordon/things/sensor1/containment',
      'cordon/things/sensor1/reports/json/accepted',
    ])
      expect([topic, await publishOrCut(await connectAs('sensor1', files), topic, '{}')]).toEqual([
        topic,
        'cut',
      ]);
    const [granted] = await (await connectAs('sensor1', files)).subscribeAsync('app/sensor1/#', { qos: 1 });
    expect(granted?.qos).toBe(1);
    for (const filter of ['cordon/things/sensor10/#', 'app/#', 'cordon/things/+/containment']) {
      const client = await connectAs('sensor1', files);
      await expect(client.subscribeAsync(filter, { qos: 1 })).rejects.toThrow();
    }
  }, 180_000);

  it('creates no second certificate, completes an interrupted run, and reactivates no inactive certificate', async () => {
    await enrolled('steady');
    const [arn = ''] = await principalsOf('steady');
    const certificateId = arn.split('/')[1] ?? '';
    const key = await readFile(filesOf('steady').key, 'utf8');
    const readStatus = async () =>
      (await e2e.iot.send(new DescribeCertificateCommand({ certificateId }))).certificateDescription?.status;

    // A run that ended before the last steps leaves this.
    await rm(join(folderOf('steady'), 'config.yml'));
    await e2e.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    expect(await enrolled('steady')).toContain('steady is enrolled with policy');
    expect([await readStatus(), await principalsOf('steady')]).toEqual(['ACTIVE', [arn]]);
    expect(await readFile(filesOf('steady').key, 'utf8')).toBe(key);

    await e2e.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    expect(await enrolled('steady')).toMatch(
      /^steady was enrolled before\. .* is INACTIVE\. Its files are in \S+steady\.$/,
    );
    // The device does not get other topics, and the operator must not think so.
    expect(await enrolled('steady', '--topic', 'more/$' + '{thing}/*')).toMatch(
      /^steady was enrolled before\. .* Its policy cordon-dev-device stays as it is, although you gave other topics or another detector\. To use those, add --policy-name NAME --rotate --out FOLDER\.$/,
    );
    expect([await readStatus(), await principalsOf('steady')]).toEqual(['INACTIVE', [arn]]);

    const elsewhere = await cli.run('enroll', 'steady', ...appTopic, '--out', 'other');
    expect(elsewhere.err).toMatch(
      /^cordon: steady already has a certificate \(\w{12}…\), whose files are not in other: /,
    );
    expect(await principalsOf('steady')).toEqual([arn]);
  }, 180_000);

  it('certifies a key that was created on the device, and never sees it', async () => {
    const key = await createKey();
    await writeFile(join(cli.folder, 'device.csr'), await createSigningRequest('own-key', key));
    await enrolled('own-key', '--csr', 'device.csr');
    await enrolled('own-key', '--csr', 'device.csr');
    expect((await readdir(folderOf('own-key'))).toSorted()).toEqual([
      'certificate.pem',
      'config.yml',
      'root-ca.pem',
    ]);
    await writeFile(filesOf('own-key').key, key);
    const session = await connectAs('own-key', filesOf('own-key'));
    expect(await publishOrCut(session, 'app/own-key/telemetry', '1')).toBe('acknowledged');

    await rm(join(folderOf('own-key'), 'config.yml'));
    await writeFile(join(cli.folder, 'other.csr'), await createSigningRequest('own-key', await createKey()));
    const wrong = await cli.run('enroll', 'own-key', ...appTopic, '--csr', 'other.csr');
    expect(wrong.err).toBe(
      "cordon: things/own-key/certificate.pem does not match the key of other.csr: give the request of the device's own key, or another --out",
    );
    await writeFile(join(cli.folder, 'no.csr'), 'text');
    expect((await cli.run('enroll', 'x', '--csr', 'no.csr')).err).toMatch(
      /^cordon: no\.csr is not a certificate request/,
    );
  }, 180_000);

  it('rotates certificates: the old one works until only the new one is kept', async () => {
    await enrolled('turning', '--policy', 'thing');
    await enrolled('turning', '--policy', 'thing', '--rotate', '--out', 'things/turning-2');
    expect(await principalsOf('turning')).toHaveLength(2);
    await connectAs('turning', filesOf('turning'));

    const kept = await cli.run('retire', 'turning', '--keep', 'things/turning-2');
    expect(kept.out).toMatch(/\nturning has one certificate now\.$/);
    await expect(connectAs('turning', filesOf('turning'))).rejects.toThrow();
    await connectAs('turning', filesOf('turning-2'));

    const policyName = 'cordon-dev-device-turning';
    const { policyDocument = '' } = await e2e.iot.send(new GetPolicyCommand({ policyName }));
    expect(policyDocument).toContain(':client/turning"');
    await e2e.iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
    expect((await cli.run('retire', 'turning')).code).toBe(0);
    await expect(e2e.iot.send(new GetPolicyCommand({ policyName }))).rejects.toThrow('not');
  }, 180_000);

  it('enrolls a list, and continues with the others if one fails', async () => {
    await writeFile(join(cli.folder, 'fleet.txt'), '# line 3\nfleet-1\nsteady\n\nfleet-2\n');
    const { code, out } = await cli.run('enroll', '--list', 'fleet.txt', ...appTopic, '--out', 'fleet');
    expect(code).toBe(3);
    expect(out.split('\n')).toEqual([
      expect.stringContaining('fleet-1 is enrolled'),
      expect.stringContaining('steady FAILED: steady already has a certificate'),
      expect.stringContaining('fleet-2 is enrolled'),
      '2 of 3 things enrolled. Run the same command again for the others.',
    ]);
    const [arn] = await principalsOf('fleet-1');
    const { policies } = await e2e.iot.send(new ListAttachedPoliciesCommand({ target: arn }));
    expect(policies?.map(({ policyName }) => policyName)).toEqual(['cordon-dev-device']);
  }, 180_000);

  it('refuses a policy that covers other things, and another document under a used name', async () => {
    const refusals = [
      [2, ['a/b', ...appTopic], 'cordon: "a/b" is not a thing name'],
      [2, ['x', '--topic', 'app/$' + '{thing}*'], /topic "app\/\$\{thing\}\*" has no level \$\{thing\}/],
      [
        3,
        ['steady', '--out', 'new', '--rotate'],
        /^cordon: the policy cordon-dev-device exists with another document/,
      ],
      [3, ['newcomer'], /^cordon: the policy cordon-dev-device exists with another document/],
      [
        3,
        ['sensor2', '--out', 'things/sensor1'],
        /^cordon: things\/sensor1 has the files of another thing or /,
      ],
      [2, ['x-cordon'], /^cordon: x-cordon ends with -cordon, like the client id of another thing's agent/],
      [
        2,
        ['x'.repeat(122)],
        /^cordon: x+ is too long: the agent's client id x+-cordon would have more than 128 characters/,
      ],
      [2, [], 'cordon: give either a THING or --list FILE'],
    ] as const;
    for (const [expected, args, message] of refusals) {
      const { code, err } = await cli.run('enroll', ...args);
      expect([args, code]).toEqual([args, expected]);
      expect(err).toMatch(message);
    }
    // Refused before it was asked for.
    await expect(readFile(join(cli.folder, 'new', 'certificate.pem'))).rejects.toThrow('ENOENT');
    const { things } = await e2e.iot.send(new ListThingsCommand({}));
    expect(things?.map(({ thingName }) => thingName)).not.toContain('newcomer');
  }, 180_000);

  it('needs each right of docs/iam/enroll.json, and no other', () => {
    expect(caller.used()).toEqual(caller.granted);
    expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
  });
});
