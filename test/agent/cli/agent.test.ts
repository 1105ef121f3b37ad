import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'mqtt';
import { type Agent, type AgentDependencies, startAgent, startDryRun } from '../../../agent/cli/agent';
import { loadCredentials } from '../../../agent/config/credentials';
import { allInterfaces } from '../../../agent/config/interface-rules';
import type { Settings } from '../../../agent/config/settings';
import type { Waiting } from '../../../agent/delivery/reporting';
import { containmentTopic, watchContainment } from '../../../agent/mqtt/containment';
import { createProblems } from '../../../agent/problems';
import type { MetricSample } from '../../../agent/processes/metric-sample';
import { decodeAnswer } from '../../../agent/report/encoding';
import type { Report } from '../../../agent/report/report';
import { openReportIds } from '../../../agent/report/report-id';
import { openStateFile } from '../../../agent/state-file';
import { aChildSample, anEvidence, aSampler, metric, noProblems } from '../builders';
import { type DeviceFiles, writeDeviceFiles } from '../certificates';
import { waitFor } from '../poll';
import { startTlsBroker, type TestBroker } from '../tls-broker';

const cordonTopic = 'cordon/things/mything1/reports/json';
const defenderTopic = '$aws/things/mything1/defender/metrics/json';

describe('an agent on a broker with mutual TLS', () => {
  let directory: string;
  let files: DeviceFiles;
  let broker: TestBroker;
  let agent: Agent | undefined;
  let logged: Record<string, unknown>[];
  let sample: MetricSample;
  let made: number;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    files = await writeDeviceFiles(directory);
    broker = await startTlsBroker(files);
    logged = [];
    sample = aChildSample();
    made = 0;
  });
  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function createDependencies(paths: DeviceFiles): AgentDependencies {
    const log: AgentDependencies['log'] = (level, event, fields) => logged.push({ level, event, ...fields });
    const ids = openReportIds(directory, 'mything1', noProblems());
    const notices = openStateFile(directory, 'mything1', 'containment', noProblems());
    return {
      readCredentials: () => loadCredentials(paths, Date.now(), () => undefined),
      containment: watchContainment(notices, log),
      sampler: aSampler(() => {
        const look = sample;
        // Evidence is given at the first look only.
        sample = { ...sample, evidence: [] };
        return [look];
      }),
      sampleSystem: () => ({
        listeningTcp: [],
        listeningUdp: [],
        established: [],
        interfaces: new Map(),
        failures: {},
      }),
      problems: createProblems(log),
      reportIds: {
        next: (now) => {
          made += 1;
          return ids.next(now);
        },
      },
      log,
      clock: () => performance.now(),
      wallClock: Date.now,
      random: () => 0.05,
    };
  }
  function start(changes: Partial<Settings> = {}, paths: Partial<DeviceFiles> = {}, waiting?: Waiting): void {
    const connection = {
      endpoint: { host: 'localhost', port: broker.port },
      ...files,
      ...paths,
      clientId: 'mything1',
      thingName: 'mything1',
      timing: { connectTimeoutMs: 15_000, acknowledgeTimeoutMs: 20_000, keepAliveSeconds: 300 },
    };
    const settings: Settings = {
      mode: 'report',
      connection,
      intervalMs: 300_000,
      sampleIntervalMs: 10,
      format: 'json',
      destinations: ['cordon'],
      names: 'long',
      metrics: [{ metric, collect: 'children', of: { name: 'myapp' } }],
      unknownMetrics: [],
      cpuBudgetPercent: 100,
      interfaces: allInterfaces,
      stateDirectory: directory,
      logLevel: 'info',
      ...changes,
    };
    agent = startAgent(settings, createDependencies({ ...files, ...paths }), waiting);
  }
  const reportsOn = (topic: string): Report[] =>
    broker.published
      .filter((one) => one.topic === topic)
      .map(({ payload }) => JSON.parse(payload.toString()));
  const values = (): (number | undefined)[] =>
    reportsOn(cordonTopic).map((report) => {
      const value = report.custom_metrics?.[metric]?.[0];
      return value && 'number' in value ? value.number : undefined;
    });
  const events = (event: string) => logged.filter((entry) => entry.event === event);

  it('reports at QoS 1, with metrics at the interval and only the change on a change', async () => {
    start();
    await waitFor('the first report', () => values().length === 1);
    sample = aChildSample({ children: 1, evidence: [anEvidence()] });
    await waitFor('the report of a child', () => values()[1] === 1);
    sample = aChildSample();
    await waitFor('the report that it went', () => values().at(-1) === 0);

    const [first, second] = reportsOn(cordonTopic);
    expect(first).toEqual({
      header: { report_id: expect.any(Number), version: '1.0' },
      metrics: expect.objectContaining({ listening_tcp_ports: { ports: [], total: 0 } }),
      health: expect.objectContaining({ mode: 'children', degraded: [] }),
      madeAt: expect.any(Number),
      custom_metrics: { [metric]: [{ number: 0 }] },
      processes: { myapp: 'running' },
    });
    expect(second).toEqual({
      header: { report_id: expect.any(Number), version: '1.0' },
      health: expect.objectContaining({ mode: 'children', degraded: [] }),
      madeAt: expect.any(Number),
      custom_metrics: { [metric]: [{ number: 1 }] },
      evidence: [anEvidence()],
      processes: { myapp: 'running' },
    });
    expect(broker.published.every(({ qos }) => qos === 1)).toBe(true);
    const ids = reportsOn(cordonTopic).map(({ header }) => header.report_id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it('keeps evidence and process states from Device Defender', async () => {
    sample = aChildSample({ children: 1, evidence: [anEvidence()] });
    start({ destinations: ['cordon', 'device-defender'] });
    const [report] = await waitFor(
      'the report',
      () => reportsOn(defenderTopic).length > 0 && reportsOn(defenderTopic),
    );

    expect(Object.keys(report ?? {})).toEqual(['header', 'metrics', 'custom_metrics']);
  });

  it('reports in CBOR on its own topic', async () => {
    start({ format: 'cbor' });
    const one = await waitFor('the report', () => broker.published[0]);

    expect(one.topic).toBe('cordon/things/mything1/reports/cbor');
    expect(decodeAnswer(one.payload, 'cbor')).toMatchObject({
      custom_metrics: { [metric]: [{ number: 0 }] },
    });
  });

  it('receives the outcome of its reports, also after the broker forgot its session', async () => {
    start();
    await waitFor('the subscription', () => broker.subscribed.length === 3);
    await waitFor('the first report', () => events('reported').length === 1);
    broker.answer(`${cordonTopic}/accepted`, '{"reportId":7,"status":"ACCEPTED"}');
    await waitFor('the accepted event', () => events('accepted').length === 1);
    broker.dropClients();
    await waitFor('the subscription again', () => broker.subscribed.length === 6);
    broker.answer(
      `${cordonTopic}/rejected`,
      '{"statusDetails":{"ErrorCode":"Throttled","ErrorMessage":"slow"}}',
    );
    const [rejected] = await waitFor(
      'the rejected event',
      () => events('rejected').length === 1 && events('rejected'),
    );

    expect(broker.subscribed.slice(3)).toEqual([
      `${cordonTopic}/accepted`,
      `${cordonTopic}/rejected`,
      containmentTopic('mything1'),
    ]);
    expect(rejected).toMatchObject({ level: 'error', code: 'Throttled', message: 'slow' });
  });

  it('keeps trying to connect after a start without a broker', async () => {
    broker.refuseConnections = 3;
    start();
    await waitFor('the first report', () => events('reported').length === 1);

    expect(events('connect-failed')).toHaveLength(3);
  });

  it('reports a peak again if its report was not acknowledged, also after the peak is over', async () => {
    start();
    await waitFor('the first report', () => events('reported').length === 1);
    let denials = 1;
    broker.mayPublish = () => {
      denials -= 1;
      return denials < 0;
    };
    sample = aChildSample({ children: 4, evidence: [anEvidence()] });
    await waitFor('the failure', () => events('report-failed').length === 1);
    sample = aChildSample();
    await waitFor('both reports', () => values().length >= 3);

    expect(values()).toEqual([0, 4, 0]);
    expect(reportsOn(cordonTopic)[1]?.evidence).toEqual([anEvidence()]);
  });

  it('reports a child that started and ended without a connection', async () => {
    start();
    await waitFor('the first report', () => events('reported').length === 1);
    broker.refuseConnections = 2;
    broker.dropClients();
    sample = aChildSample({ children: 1, evidence: [anEvidence()] });
    await waitFor('a failed try', () => events('connect-failed').length === 1);
    sample = aChildSample();
    await waitFor('both reports', () => values().length >= 3);

    expect(values()).toEqual([0, 1, 0]);
  });

  it('delivers a report under the same id until it is acknowledged', async () => {
    let denials = 1;
    broker.mayPublish = () => {
      denials -= 1;
      return denials < 0;
    };
    start();
    await waitFor('the first report', () => events('reported').length === 1);

    const [failed] = events('report-failed');
    expect(reportsOn(cordonTopic).map(({ header }) => header.report_id)).toEqual([failed?.reportId]);
  });

  it('delivers in order what it saw without a connection, each report once', async () => {
    broker.refuseConnections = 1000;
    start();
    for (const children of [1, 2, 3]) {
      sample = aChildSample({ children });
      await waitFor('its report', () => made === children + 1);
    }
    broker.refuseConnections = 0;
    await waitFor('all reports', () => values().length === 4);

    expect(values()).toEqual([0, 1, 2, 3]);
    const ids = reportsOn(cordonTopic).map(({ header }) => header.report_id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  it('hands undelivered reports over to the agent that replaces it', async () => {
    broker.refuseConnections = 1000;
    start();
    await waitFor('a failed try', () => events('connect-failed').length === 1);
    const waiting = await agent?.stop();
    broker.refuseConnections = 0;
    const [first] = waiting?.get('cordon')?.reports ?? [];
    start({}, {}, waiting);
    await waitFor('both reports', () => reportsOn(cordonTopic).length === 2);

    expect(reportsOn(cordonTopic)[0]).toEqual(first);
  });

  it('reports another client with its id, which the broker accepts in its place', async () => {
    start();
    await waitFor('the first report', () => events('reported').length === 1);
    const { ca, cert, key } = loadCredentials(files, Date.now(), () => undefined);
    const rival = connect({
      ...{ protocol: 'mqtts', host: 'localhost', port: broker.port, ca, cert, key },
      clientId: 'mything1',
      reconnectPeriod: 400,
    });
    const told = await waitFor('a word of it', () => events('warning')[0]).finally(() => rival.end(true));

    expect(JSON.stringify(told)).toMatch(/another client seems to use the client id mything1/);
  });

  it('uses a renewed certificate at its next connect', async () => {
    const { rootCaPath, certPath, keyPath } = files;
    const other = await writeDeviceFiles(directory);
    start();
    await waitFor('a refusal of the foreign CA', () => events('connect-failed').length === 1);
    expect(other.rootCaPath).toBe(rootCaPath);
    const device = await files.authority.issueDeviceCertificate({ commonName: 'mything1' });
    writeFileSync(rootCaPath, files.authority.certificatePem);
    writeFileSync(certPath, device.certificatePem);
    writeFileSync(keyPath, device.privateKeyPem);

    await waitFor('the first report', () => events('reported').length === 1);
  });

  it('survives the expiry of its certificate, and reports with a renewed one what it saw meanwhile', async () => {
    /**
     * Starts the agent with a certificate of this many seconds. Returns when it expires. If the agent made no report
     * before that, as on a slow machine, tries a certificate that lasts longer.
     */
    const startWithShort = async (seconds: number): Promise<number> => {
      // A certificate has whole seconds.
      const notAfter = new Date((Math.ceil(Date.now() / 1000) + seconds) * 1000);
      const short = await files.authority.issueDeviceCertificate({ commonName: 'mything1', notAfter });
      writeFileSync(files.certPath, short.certificatePem);
      writeFileSync(files.keyPath, short.privateKeyPem);
      start();
      const isExpired = () => Date.now() > notAfter.getTime() + 1000;
      await waitFor('the first report', () => events('reported').length === 1 || isExpired());
      if (events('reported').length === 1) return notAfter.getTime();
      await agent?.stop();
      logged.length = 0;
      made = 0;
      return startWithShort(2 * seconds);
    };
    const expiresAt = await startWithShort(2);
    await waitFor('its expiry', () => Date.now() > expiresAt + 1000);
    broker.dropClients();
    await waitFor('a refusal', () => events('connect-failed').length === 1);
    sample = aChildSample({ children: 1 });
    await waitFor('the report of a child', () => made === 2);
    expect(values()).toEqual([0]);
    const renewed = await files.authority.issueDeviceCertificate({ commonName: 'mything1' });
    writeFileSync(files.certPath, renewed.certificatePem);
    writeFileSync(files.keyPath, renewed.privateKeyPem);

    await waitFor('its delivery', () => events('reported').length === 2);
    expect(values()).toEqual([0, 1]);
  });

  it('learns from its retained topic that it is contained, and continues to report', async () => {
    const notice = (status: string, at: number) =>
      JSON.stringify({ version: 1, status, caseId: 'case-1', at });
    broker.answer(containmentTopic('mything1'), notice('contained', 1000), true);
    start();
    await waitFor('the containment', () => events('contained').length === 1);
    sample = aChildSample({ children: 1 });
    await waitFor('the report of a child', () => values().includes(1));
    broker.answer(containmentTopic('mything1'), 'garbage');
    await waitFor('the warning', () => events('containment-unreadable').length === 1);
    broker.answer(containmentTopic('mything1'), notice('released', 2000), true);
    await waitFor('the release', () => events('released').length === 1);

    expect(events('contained')).toEqual([
      { level: 'warn', event: 'contained', caseId: 'case-1', since: '1970-01-01T00:00:01.000Z' },
    ]);
  });

  it.each([
    ['answers so', 'refused'],
    ['ends the connection', 'ended'],
  ] as const)(
    'reports even if a denied subscription %s, and hears the other answers',
    async (_how, outcome) => {
      const denied = `${cordonTopic}/rejected`;
      broker.maySubscribe = (topic) => (topic === denied ? outcome : 'granted');
      start();
      await waitFor('the refusal', () => events('subscribe-refused').length === 1);
      await waitFor('the last subscription', () => broker.subscribed.at(-1) === containmentTopic('mything1'));
      broker.answer(`${cordonTopic}/accepted`, '{"reportId":7,"status":"ACCEPTED"}');
      await waitFor('the accepted event', () => events('accepted').length === 1);
      await waitFor('the first report', () => events('reported').length === 1);

      expect(events('subscribe-refused')).toMatchObject([{ topic: denied }]);
      expect(events('disconnected')).toHaveLength(outcome === 'ended' ? 2 : 0);
    },
  );

  it('waits longer each time a denied publish ends its connection', async () => {
    broker.mayPublish = () => false;
    start();
    await waitFor('four ends', () => events('disconnected').length === 4);

    expect(
      events('disconnected')
        .slice(0, 4)
        .map(({ retryMs }) => retryMs),
    ).toEqual([25, 50, 100, 200]);
  });

  it('continues to report to Cordon if Device Defender’s topic is denied', async () => {
    broker.mayPublish = (topic) => topic === cordonTopic;
    start({ destinations: ['device-defender', 'cordon'] });
    await waitFor('the report', () => values().length === 1);
    sample = aChildSample({ children: 1 });
    await waitFor('the report of a child', () => values().includes(1));

    expect(events('disconnected')).toHaveLength(1);
  });

  it('sends nothing to a broker whose certificate its CA did not sign', async () => {
    const other = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    const foreign = await writeDeviceFiles(other);
    start({}, { rootCaPath: foreign.rootCaPath });
    await waitFor('two failed tries', () => events('connect-failed').length === 2);
    rmSync(other, { recursive: true });

    expect(broker.published).toEqual([]);
    expect(events('connect-failed')[0]?.reason).toMatch(/certificate/);
  });
});

describe('a dry run', () => {
  it('prints what it would report', async () => {
    const printed: Report[] = [];
    const settings = { destinations: ['cordon'], metrics: [], intervalMs: 1000, sampleIntervalMs: 10 };
    const agent = startDryRun(
      settings as unknown as Settings,
      {
        sampler: aSampler(() => [aChildSample({ children: 2 })]),
        sampleSystem: () => ({
          listeningTcp: [],
          listeningUdp: [],
          established: [],
          interfaces: new Map(),
          failures: {},
        }),
        reportIds: { next: () => 7 },
        problems: noProblems(),
        log: () => undefined,
        clock: () => 0,
        wallClock: () => 0,
      },
      (report) => printed.push(report),
    );
    await waitFor('a report', () => printed.length === 1);
    await agent.stop();

    expect(printed[0]).toMatchObject({
      header: { report_id: 7 },
      custom_metrics: { [metric]: [{ number: 2 }] },
    });
  });
});
