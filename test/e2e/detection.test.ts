import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectDetection } from '../../shared/storage/detection';
import { openCli } from './cli-process';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { connectOnce, publishOrCut, readCredentials } from './mqtt-client';
import { type Packages, packageService } from './package-service';

// The parts of detection that need the packaged function, its role and the rules.
const configuration = `
customMetrics: { load: { type: number, displayName: Number of open files of the app } }
securityProfiles:
  network:
    targets: [all/registered-things]
    behaviors:
      - name: few-attempts
        metric: aws:num-connection-attempts
        criteria: { comparisonOperator: less-than, value: { count: 3 }, durationSeconds: 300 }
      - name: as-others
        metric: load
        criteria:
          comparisonOperator: less-than-equals
          statisticalThreshold: { statistic: p90 }
          durationSeconds: 300
playbooks: [{ name: watch, mode: observe }]
`;

let packages: Packages;
let e2e: EndToEnd;
let detection: ReturnType<typeof connectDetection>;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  packages = await packageService(configuration);
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory });
  const { gateway } = e2e.stack.aws;
  dynamodb = new DynamoDBClient({
    endpoint: gateway.url,
    region: e2e.stack.identity.region,
    credentials: gateway.operatorCredentials,
  });
  detection = connectDetection(e2e.stack.deployed.outputs.TableName ?? '', dynamodb);
}, 180_000);

afterAll(async () => {
  dynamodb?.destroy();
  await e2e?.close();
  await packages?.remove();
});

describe('the packaged detect', () => {
  it('receives connects as lifecycle events, including refused ones', async () => {
    const device = await e2e.enroll('busy');
    const stranger = await e2e.enroll('stranger');

    await e2e.connect(device);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      // The policy lets a certificate connect under the name of its own thing only.
      const refused = connectOnce(e2e.stack.broker.port, {
        clientId: 'busy',
        ca: e2e.stack.ca.certificatePem,
        ...(await readCredentials(stranger)),
      });
      await expect(refused).rejects.toThrow();
    }

    const record = await e2e.waitForCase('busy', 'observed');
    expect(Object.values(record.violations)).toMatchObject([
      { value: { count: 3 }, reporter: { clientId: 'busy', principal: 'several' } },
    ]);
  });

  it('counts a device in the fleet statistics, keeps its values, and has no further rights', async () => {
    const client = await e2e.connect(await e2e.enroll('loaded'));
    const report = {
      header: { report_id: Date.now(), version: '1.0' },
      custom_metrics: { load: [{ number: 7 }] },
    };

    await publishOrCut(client, 'cordon/things/loaded/reports/json', JSON.stringify(report));

    const query = { thingName: thingKey('loaded'), metric: 'load', from: 0, to: 9e14, limit: 10 };
    const [kept] = await waitUntil(
      () => 'the datapoint',
      async () => {
        const { datapoints } = await detection.readDatapoints(query);
        return datapoints.length > 0 && datapoints;
      },
    );
    expect(kept).toEqual({ at: expect.any(Number), value: { number: 7 } });
    const window = Math.floor((kept?.at ?? 0) / 300_000);
    await e2e.waitForQuiet();
    expect(Object.values(await detection.fleet.read('load', 300, window))).toEqual([1]);
    expect(await e2e.rejected()).toEqual([]);
  });

  it('has its values drawn by the command, which proposes the metric that was meant', async () => {
    const cli = await openCli(e2e, configuration);
    try {
      const { code, out } = await cli.run('metrics', 'loaded', 'load');
      expect({ code, lines: out.split('\n') }).toEqual({
        code: 0,
        lines: [
          expect.stringMatching(/^load of loaded: 1 value since \S+Z$/),
          expect.stringMatching(/^\| *▁ *\|$/),
          'least 7, greatest 7',
          'network/as-others: 7 open files of the app; at most p90 of the fleet is normal',
          'SINCE                     VALUE',
          expect.stringMatching(/^\S+Z {2}7$/),
        ],
      });
      expect((await cli.run('metrics', 'loaded')).out).toMatch(
        /^METRIC .*NEWEST VALUE\n(.*\n)?load +\d+[sm] +load is 7$/,
      );
      expect(await cli.run('metrics', 'loaded', 'lod')).toEqual({
        ...{ code: 1, out: '' },
        err: expect.stringMatching(
          /^cordon: loaded has no values of lod, but of (\S+, )?load \(Did you mean load\?\)$/,
        ),
      });
      const later = await waitUntil(
        () => 'the value to be older than a second',
        async () => {
          const ran = await cli.run('metrics', 'loaded', 'load', '--since', '1s');
          return ran.code === 0 ? undefined : ran;
        },
      );
      expect(later).toEqual({
        ...{ code: 1, out: '' },
        err: 'cordon: loaded has no value of load in the last 1s: ask further back with --since 7d',
      });
    } finally {
      await cli.remove();
    }
  }, 60_000);

  it('runs when an alarm changes with time', async () => {
    const stored = await detection.states.load(thingKey('loaded'));
    if (!stored) throw new Error('no state');
    const dueAt = Date.now() - 1;
    await detection.states.save({ ...stored.value, dueAt }, stored.version);

    expect(
      await e2e.stack.functions.invoke('cordon-dev-detect', { time: '2026-01-01T00:00:00Z' }),
    ).toMatchObject({
      status: 'succeeded',
    });

    // What is left is when its agent would be silent.
    expect((await detection.states.load(thingKey('loaded')))?.value.dueAt).toBeGreaterThan(Date.now());
  });
});
