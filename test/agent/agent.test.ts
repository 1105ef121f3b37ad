import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, type AgentSurroundings, startAgent, startDryRun } from '../../agent/agent';
import { loadCredentials } from '../../agent/credentials';
import { decodeAnswer } from '../../agent/encoding';
import type { Settings } from '../../agent/flags';
import type { ChildSample } from '../../agent/metrics/child-sampler';
import type { Report } from '../../agent/report';
import { openReportIds } from '../../agent/report-id';
import { aChildSample, anEvidence, metric } from './builders';
import { type DeviceFiles, writeDeviceFiles } from './certificates';
import { waitFor } from './poll';
import { startTlsBroker, type TestBroker } from './tls-broker';

const cordonTopic = 'cordon/things/mything1/reports/json';
const defenderTopic = '$aws/things/mything1/defender/metrics/json';

describe('an agent on a broker with mutual TLS', () => {
  let directory: string;
  let files: DeviceFiles;
  let broker: TestBroker;
  let agent: Agent | undefined;
  let logged: Record<string, unknown>[];
  let sample: ChildSample;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    files = await writeDeviceFiles(directory);
    broker = await startTlsBroker(files);
    logged = [];
    sample = aChildSample();
  });
  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    await broker.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function surround(): AgentSurroundings {
    return {
      sampler: { sample: () => [sample] },
      sampleSystem: () => ({
        listeningTcp: [],
        listeningUdp: [],
        established: [],
        counters: new Map(),
        interfaces: new Map(),
      }),
      reportIds: openReportIds(directory, 'mything1', () => undefined),
      log: (level, event, fields) => logged.push({ level, event, ...fields }),
      clock: () => performance.now(),
      wallClock: Date.now,
      random: () => 0.05,
    };
  }
  function start(changes: Partial<Settings> = {}, paths: Partial<DeviceFiles> = {}): void {
    const connection = {
      endpoint: { host: 'localhost', port: broker.port },
      ...files,
      ...paths,
      clientId: 'mything1',
      thingName: 'mything1',
    };
    const settings: Settings = {
      mode: 'report',
      connection,
      intervalMs: 300_000,
      sampleIntervalMs: 10,
      format: 'json',
      destinations: ['cordon'],
      watched: [{ name: 'myapp', metric }],
      unknownMetrics: [],
      stateDirectory: directory,
      logLevel: 'info',
      ...changes,
    };
    agent = startAgent(
      settings,
      loadCredentials(connection, Date.now(), () => undefined),
      surround(),
    );
  }
  const reportsOn = (topic: string): Report[] =>
    broker.published
      .filter((one) => one.topic === topic)
      .map(({ payload }) => JSON.parse(payload.toString()));
  const values = (): (number | undefined)[] =>
    reportsOn(cordonTopic).map((report) => report.custom_metrics?.[metric]?.[0].number);
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
      custom_metrics: { [metric]: [{ number: 0 }] },
      processes: { myapp: 'running' },
    });
    expect(second).toEqual({
      header: { report_id: expect.any(Number), version: '1.0' },
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

  it('hears what became of its reports, also after the broker forgot it', async () => {
    start();
    await waitFor('the subscription', () => broker.subscribed.length === 2);
    await waitFor('the first report', () => events('reported').length === 1);
    broker.answer(`${cordonTopic}/accepted`, '{"reportId":7,"status":"ACCEPTED"}');
    await waitFor('the accepted event', () => events('accepted').length === 1);
    broker.dropClients();
    await waitFor('the subscription again', () => broker.subscribed.length === 4);
    broker.answer(
      `${cordonTopic}/rejected`,
      '{"statusDetails":{"ErrorCode":"Throttled","ErrorMessage":"slow"}}',
    );
    const [rejected] = await waitFor(
      'the rejected event',
      () => events('rejected').length === 1 && events('rejected'),
    );

    expect(broker.subscribed.slice(2)).toEqual([`${cordonTopic}/accepted`, `${cordonTopic}/rejected`]);
    expect(rejected).toMatchObject({ level: 'error', code: 'Throttled', message: 'slow' });
  });

  it('keeps trying from a cold start', async () => {
    broker.refuseConnections = 3;
    start();
    await waitFor('the first report', () => events('reported').length === 1);

    expect(events('connect-failed')).toHaveLength(3);
  });

  it('tells the peak again whose report got no acknowledgement, also when it is over', async () => {
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

  it('tells a child that came and went while there was no connection', async () => {
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

  it('goes on reporting to Cordon where Device Defender’s topic is denied', async () => {
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
    const settings = { destinations: ['cordon'], watched: [], intervalMs: 1000, sampleIntervalMs: 10 };
    const agent = startDryRun(
      settings as unknown as Settings,
      {
        sampler: { sample: () => [aChildSample({ children: 2 })] },
        sampleSystem: () => ({
          listeningTcp: [],
          listeningUdp: [],
          established: [],
          counters: new Map(),
          interfaces: new Map(),
        }),
        reportIds: { next: () => 7 },
        log: () => undefined,
        clock: () => 0,
        wallClock: () => 0,
        random: () => 0,
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
