import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from '../../agent/check/check';
import type { Finding } from '../../agent/check/finding';
import type { Settings } from '../../agent/config/settings';
import { aReport } from './builders';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { startTlsBroker, type TestBroker } from './tls-broker';

const topic = 'cordon/things/mything1/reports/json';
const dayMs = 86_400_000;

const timing = { connectTimeoutMs: 10_000, acknowledgeTimeoutMs: 10_000, keepAliveSeconds: 120 };

describe('cordon-agent check', () => {
  let directory: string;
  let files: DeviceFiles;
  let broker: TestBroker;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-check-'));
    files = await writeDeviceFiles(directory);
    broker = await startBroker();
  });
  afterEach(async () => {
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function startBroker(
    certificate: Parameters<DeviceFiles['authority']['issueServerCertificate']>[0] = {},
  ): Promise<TestBroker> {
    const started = await startTlsBroker(files, certificate);
    started.onPublish = (published) => {
      if (published === topic) started.answer(`${topic}/accepted`, JSON.stringify({ timestamp: Date.now() }));
    };
    return started;
  }
  async function run(
    changes: Partial<NonNullable<Settings['connection']>> = {},
    {
      now = Date.now,
      stateDirectory = directory,
      metrics = [] as Settings['metrics'],
      report = aReport(),
    } = {},
  ): Promise<Finding[]> {
    const { rootCaPath, certPath, keyPath } = files;
    const settings = {
      connection: {
        endpoint: { host: 'localhost', port: broker.port },
        ...{ rootCaPath, certPath, keyPath },
        ...{ clientId: 'mything1', thingName: 'mything1', timing },
        ...changes,
      },
      stateDirectory,
      destinations: ['cordon'],
      format: 'json',
      metrics,
    } as unknown as Settings & { connection: NonNullable<Settings['connection']> };
    const steps = check(settings, { wallClock: now, collect: async () => report });
    const findings: Finding[] = [];
    for await (const finding of steps) findings.push(finding);
    return findings;
  }
  const notOk = (findings: readonly Finding[]) => findings.filter(({ outcome }) => outcome !== 'ok');
  const names = (findings: readonly Finding[]) =>
    findings.map(({ check: name, outcome }) => `${name} ${outcome}`);

  it('finds nothing wrong with a working setup, and sends one report', async () => {
    const findings = await run();

    expect(names(findings)).toEqual([
      ...['state ok', 'credentials ok', 'name ok', 'tcp ok', 'tls ok', 'connect ok'],
      ...['subscribe ok', 'subscribe ok', 'subscribe ok', 'publish ok', 'answer ok'],
    ]);
    expect(broker.published.map((one) => one.topic)).toEqual([topic]);
  });

  it('names a key that does not match, and still checks the network', async () => {
    const other = await files.authority.issueDeviceCertificate({ commonName: 'other' });
    writeFileSync(files.keyPath, other.privateKeyPem);

    const findings = await run();
    expect(names(findings)).toEqual([
      'state ok',
      'credentials failed',
      'name ok',
      'tcp ok',
      'connect skipped',
    ]);
    expect(findings[1]?.detail).toMatch(/does not belong to the certificate/);
  });

  it('warns of a key that others may read, and of a certificate that will expire', async () => {
    files = await writeDeviceFiles(directory, { notAfter: new Date(Date.now() + 5 * dayMs) });
    chmodSync(files.keyPath, 0o644);
    await broker.close();
    broker = await startBroker();

    expect(notOk(await run())).toMatchObject([
      { check: 'key', outcome: 'warning', detail: expect.stringContaining('mode 644') },
      { check: 'certificate', outcome: 'warning', detail: expect.stringContaining('expires on') },
    ]);
  });

  it('names an expired certificate', async () => {
    files = await writeDeviceFiles(directory, { notBefore: new Date(0), notAfter: new Date(dayMs) });

    expect(names(await run())).toContain('certificate failed');
  });

  it('says which metrics it can’t see, and why', async () => {
    const metrics = [
      { metric: 'num_child_procs_myapp', collect: 'children', of: { name: 'myapp' } },
      { metric: 'child_names_myapp', collect: 'child-names', of: { name: 'myapp' } },
    ] as const;
    const reason = 'no permission to see all processes (hidepid)';
    const processes = { myapp: 'no-permission' } as const;
    const failures = { num_child_procs_myapp: reason, child_names_myapp: reason };
    const blind = await run({}, { metrics, report: { ...aReport(), processes, failures } });
    const other = { metric: 'toString', collect: 'children', of: { name: 'myapp' } } as const;
    const seeing = await run(
      {},
      { metrics: [...metrics, other], report: { ...aReport(), processes: { myapp: 'not-running' } } },
    );

    expect(notOk(blind)).toMatchObject([
      {
        ...{ check: 'metrics', outcome: 'warning' },
        detail: `num_child_procs_myapp, child_names_myapp: ${reason}`,
        advice: expect.stringMatching(/CAP_SYS_PTRACE/),
      },
    ]);
    expect(seeing[1]).toEqual({ check: 'metrics', outcome: 'ok', detail: 'myapp is not-running' });
  });

  it('names a state folder that cannot be used', async () => {
    writeFileSync(join(directory, 'file'), '');

    const findings = await run({}, { stateDirectory: join(directory, 'file', 'state') });

    expect(findings[0]).toMatchObject({
      check: 'state',
      outcome: 'warning',
      advice: expect.stringMatching(/^give --state-dir/),
    });
    expect(names(findings)).toContain('publish ok');
  });

  it.each([
    ['a host that has no address', { host: 'no-such-host.invalid', port: 8883 }, 'name'],
    ['a port on which nobody listens', { host: '127.0.0.1', port: 1 }, 'tcp'],
  ])('names %s', async (_what, endpoint, where) => {
    const findings = await run({ endpoint });

    expect(findings.at(-2)).toMatchObject({ check: where, outcome: 'failed' });
    expect(findings.at(-1)).toMatchObject({ outcome: 'skipped' });
  });

  it('asks for the network, not for the firewall, if there is no route', async () => {
    // Linux refuses every TCP connection to a multicast address so, whatever the routes of the machine.
    const findings = await run({ endpoint: { host: '224.0.0.1', port: 8883 } });

    expect(findings.at(-2)).toMatchObject({
      check: 'tcp',
      outcome: 'failed',
      detail: expect.stringContaining('ENETUNREACH'),
      advice: 'is the network up, and is there a route to this address?',
    });
  });

  it('names a port without TLS', async () => {
    const server = createTcpServer((socket) => {
      // The client cuts the connection, as it should.
      socket.on('error', () => socket.destroy());
      socket.resume().end('SSH-2.0-x\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const findings = await run({ endpoint: { host: '127.0.0.1', port } });
    await new Promise((resolve) => server.close(resolve));

    expect(findings.at(-2)).toMatchObject({ check: 'tls', outcome: 'failed' });
  });

  it('names the authority that the root CA did not sign', async () => {
    const other = mkdtempSync(join(tmpdir(), 'cordon-check-'));
    const { rootCaPath } = await writeDeviceFiles(other);
    const findings = await run({ rootCaPath });
    rmSync(other, { recursive: true });

    expect(findings.at(-2)).toMatchObject({
      check: 'tls',
      outcome: 'failed',
      detail: expect.stringContaining('--rootCA does not verify'),
    });
  });

  it('lists the host names that the broker’s certificate covers', async () => {
    await broker.close();
    broker = await startBroker({ dnsName: 'other.example.com' });

    expect((await run()).at(-2)?.detail).toMatch(/is for DNS:other.example.com, not for localhost/);
  });

  it('reports a wrong clock if the broker’s certificate is not valid at this time', async () => {
    await broker.close();
    broker = await startBroker({ notBefore: new Date(Date.now() + 10 * dayMs) });

    expect((await run()).at(-2)).toMatchObject({
      check: 'clock',
      outcome: 'failed',
      advice: expect.anything(),
    });
  });

  it('reports the error of the clock from the time in the answer', async () => {
    const findings = await run({}, { now: () => Date.now() + 3_600_000 });

    expect(findings.at(-1)).toMatchObject({ check: 'clock', outcome: 'warning' });
    expect(findings.at(-1)?.detail).toMatch(/36\d\d s ahead/);
  });

  it('names a policy that denies the connect', async () => {
    broker.mayConnect = () => false;
    const findings = await run();

    expect(findings.at(-1)).toMatchObject({ check: 'connect', outcome: 'failed' });
    expect(findings.at(-1)?.advice).toMatch(/iot:Connect on client\/mything1/);
  });

  it.each(['refused', 'ended'] as const)(
    'warns of a subscription that is %s, and publishes',
    async (outcome) => {
      broker.maySubscribe = (one) => (one.endsWith('/rejected') ? outcome : 'granted');
      const findings = notOk(await run());

      expect(findings).toMatchObject([{ check: 'subscribe', outcome: 'warning' }]);
      expect(findings[0]?.advice).toContain(`iot:Subscribe on topicfilter/${topic}/rejected`);
    },
  );

  it('names a policy that denies the publish, and a thing name that may be wrong', async () => {
    broker.mayPublish = () => false;
    const findings = notOk(await run({ clientId: 'gateway-7' }));

    expect(findings).toMatchObject([{ check: 'publish', outcome: 'failed' }]);
    expect(findings[0]?.advice).toMatch(
      /iot:Publish on topic\/.*is thing mything1 right for client gateway-7/,
    );
  });

  it('names the reason of a rejection', async () => {
    broker.onPublish = () =>
      broker.answer(
        `${topic}/rejected`,
        '{"statusDetails":{"ErrorCode":"InvalidPayload","ErrorMessage":"no"}}',
      );

    expect(notOk(await run())).toMatchObject([
      { check: 'answer', outcome: 'failed', detail: 'the report was rejected: InvalidPayload: no' },
    ]);
  });
});
