import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeImport } from '../../../cli/existing/import';
import { type ImportFlags, importAccount } from '../../../cli/existing/run';
import { parseConfiguration } from '../../../shared/config/parse';
import { type Account, alertsTopic, bytesOut, learned, startAccount } from './account';

let account: Account;
let folder: string;
let file: string;
beforeEach(async () => {
  account = await startAccount();
  folder = await mkdtemp(join(tmpdir(), 'cordon-import-'));
  file = join(folder, 'cordon.yml');
});
afterEach(async () => {
  await account.close();
  await rm(folder, { recursive: true });
});

const run = (flags: Partial<ImportFlags> = {}) =>
  importAccount(file, { force: false, ...flags }, async () => account.existing);

async function importFile(flags: Partial<ImportFlags> = {}) {
  const said = (await run(flags)).replaceAll(file, 'cordon.yml').split('\n');
  const text = await readFile(file, 'utf8');
  return { said, text, configuration: parseConfiguration(text, 'cordon.yml') };
}

const sent = {
  name: 'telemetry-flood',
  metric: 'aws:num-messages-sent',
  metricDimension: { dimensionName: 'telemetry', operator: 'NOT_IN' as const },
  criteria: { comparisonOperator: 'less-than' as const, value: { count: 9 }, durationSeconds: 300 },
};

const ports = {
  name: 'known-ports',
  metric: 'aws:listening-tcp-ports',
  criteria: {
    comparisonOperator: 'in-port-set' as const,
    value: { ports: [443] },
    consecutiveDatapointsToAlarm: 3,
  },
  suppressAlerts: true,
  exportMetric: true,
};

describe('an import', () => {
  it('writes a commented file that Cordon accepts, and says what it could not carry over, and why', async () => {
    await account.createMetric('children', 'number', 'Children: # of myapp');
    account.registry.groups.create('lab');
    await account.createProfile(
      'fleet-network',
      [bytesOut, learned, sent, ports, { name: 'bare', metric: 'children' }],
      {
        topic: alertsTopic,
        targets: ['all/registered-things', 'thinggroup/lab'],
        securityProfileDescription: 'text # not a comment: "quoted"',
        additionalMetricsToRetain: ['aws:all-bytes-in'],
        additionalMetricsToRetainV2: [
          { metric: 'aws:num-messages-sent', metricDimension: { dimensionName: 'telemetry' } },
        ],
        metricsExportConfig: { mqttTopic: 'exported', roleArn: 'arn:aws:iam::123456789012:role/r' },
      },
    );
    await account.createProfile('idle', [{ ...bytesOut, name: 'other' }], { targets: [] });
    await account.createProfile('only-learned', [learned], { topic: alertsTopic });

    const { said, text, configuration } = await importFile();

    expect(said).toEqual([
      'Written to cordon.yml: security profiles: 1 (behaviors: 2), custom metrics: 1. Every playbook only observes.',
      'Not carried over:',
      '  security profile fleet-network: behavior learned: criteria.mlDetectionConfig: only Device Defender detects by machine learning: use detector device-defender or both, or leave the behavior out',
      '  security profile fleet-network: behavior telemetry-flood: only Device Defender filters by a dimension: use detector device-defender or both, or leave the behavior out',
      '  security profile fleet-network: behavior known-ports: the export of its metric is nothing that cordon.yml has; it stays as it is in the account',
      '  security profile fleet-network: behavior bare: criteria: expected exactly one of value, statisticalThreshold, mlDetectionConfig',
      '  security profile fleet-network: the export of metrics to exported is nothing that cordon.yml has; it stays as it is in the account',
      '  security profile fleet-network: retained metric aws:num-messages-sent: cordon.yml retains metrics without a dimension',
      '  security profile idle: it has no target, so it evaluates nothing',
      '  security profile only-learned: behavior learned: criteria.mlDetectionConfig: only Device Defender detects by machine learning: use detector device-defender or both, or leave the behavior out',
      '  security profile only-learned: it has no behavior that could be carried over, so it is left out',
      'Next: cordon check cordon.yml --account',
    ]);
    expect(text).toMatch(/^# Imported from AWS IoT Device Defender/);
    const { detector, sources, customMetrics, securityProfiles, playbooks } = configuration;
    expect({ detector, sources, customMetrics }).toEqual({
      detector: 'cordon',
      sources: {
        deviceDefender: {
          audit: false,
          profiles: 'existing',
          topics: [{ arn: alertsTopic, alertsOf: 'topic-account' }],
        },
        external: [],
      },
      customMetrics: { children: { type: 'number', displayName: 'Children: # of myapp' } },
    });
    expect(securityProfiles).toEqual({
      'fleet-network': {
        description: 'text # not a comment: "quoted"',
        targets: ['all/registered-things', 'thinggroup/lab'],
        behaviors: [
          {
            ...bytesOut,
            criteria: {
              ...bytesOut.criteria,
              consecutiveDatapointsToAlarm: 1,
              consecutiveDatapointsToClear: 1,
            },
            suppressAlerts: false,
          },
          {
            name: 'known-ports',
            metric: ports.metric,
            criteria: { ...ports.criteria, consecutiveDatapointsToClear: 1 },
            suppressAlerts: true,
          },
        ],
        additionalMetricsToRetain: ['aws:num-messages-sent', 'aws:all-bytes-in'],
      },
    });
    expect(playbooks.map(({ name, when, mode }) => [name, when, mode])).toEqual([
      ['fleet-network', { securityProfile: 'fleet-network' }, 'observe'],
      ['idle', { securityProfile: 'idle' }, 'observe'],
      ['only-learned', { securityProfile: 'only-learned' }, 'observe'],
      ['anything-else', {}, 'observe'],
    ]);
  });

  it('carries learned behaviors and dimensions over if Device Defender evaluates', async () => {
    await account.createProfile('fleet-network', [learned, sent], { topic: alertsTopic });

    const { said, configuration } = await importFile({ detector: 'both' });

    expect(said[1]).toBe('Next: cordon check cordon.yml --account');
    expect(configuration.sources.deviceDefender?.profiles).toBeUndefined();
    expect(configuration.securityProfiles['fleet-network']?.behaviors).toMatchObject([learned, sent]);
  });

  it('takes profiles whose alerts go to Cordon for those of a deploy of it', async () => {
    await account.createProfile('ours', [learned], {
      topic: 'arn:aws:sns:eu-west-1:123456789012:cordon-prod-alerts',
    });

    expect((await importFile()).configuration).toMatchObject({ detector: 'device-defender', sources: {} });
  });

  it('leaves the sixth topic out, and a name that a playbook already has', async () => {
    for (const index of [1, 2, 3, 4, 5, 6])
      await account.createProfile(`p${index}`, [bytesOut], {
        topic: `arn:aws:sns:eu-west-1:123456789012:t${index}`,
        targets: [],
      });
    await account.createProfile('anything-else', [bytesOut], {
      topic: 'arn:aws:sns:eu-west-1:123456789012:t.fifo',
    });

    const { said, configuration } = await importFile();

    expect(configuration.sources.deviceDefender?.topics).toHaveLength(5);
    expect(said).toEqual(
      expect.arrayContaining([
        '  alert topic arn:aws:sns:eu-west-1:123456789012:t6: a file has at most 5 topics',
        expect.stringMatching(/alert topic arn:aws:sns:eu-west-1:123456789012:t\.fifo: .*standard topic/),
      ]),
    );
    expect(configuration.playbooks.at(-1)?.name).toBe('anything-at-all');
  });

  it('takes a large account with odd names and behaviors, and says what each lacks', () => {
    const aProfile = (name: string, behavior: Partial<typeof bytesOut> & { name: string }) => ({
      ...{ name, arn: '', behaviors: [{ metric: 'aws:all-bytes-out', ...behavior }], retained: [] },
      ...{ topics: [], targets: [`thinggroup/of-${name}`] },
    });
    const { criteria } = bytesOut;
    const odd = ['null', 'true', '0x1', '123', 'a:b'].map((name) => aProfile(name, { name, criteria }));
    const many = Array.from({ length: 130 }, (_, index) =>
      aProfile(`many-${index}`, { name: 'x', criteria }),
    );
    const empty = aProfile('empty', { name: 'bare', criteria });
    const bare = { ...empty, behaviors: empty.behaviors.map(({ metric: _, ...behavior }) => behavior) };

    const unusable = aProfile('__proto__', { name: 'x', criteria });

    const { text, left } = writeImport([...odd, ...many, bare, unusable], [], 'device-defender');

    const { securityProfiles } = parseConfiguration(text, 'cordon.yml');
    expect(Object.keys(securityProfiles)).toHaveLength(135);
    expect(securityProfiles['0x1']?.behaviors[0]?.name).toBe('0x1');
    expect(left).toEqual([
      'security profile empty: behavior bare: it has no metric',
      'security profile empty: it has no behavior that could be carried over, so it is left out',
      "security profile __proto__: behavior x: this file can't have this name",
      'security profile __proto__: it has no behavior that could be carried over, so it is left out',
    ]);
  });

  it('never replaces a file, unless with --force', async () => {
    await account.createProfile('fleet-network', [bytesOut]);
    await writeFile(file, 'mine');

    await expect(run()).rejects.toMatchObject({
      message: `${file} exists: name another file, or replace it with --force`,
      exitCode: 3,
    });
    expect(account.asked.filter((asked) => asked.includes('List'))).toEqual([]);
    expect(await readFile(file, 'utf8')).toBe('mine');
    await run({ force: true });
    expect(await readFile(file, 'utf8')).toContain('fleet-network');
  });

  it('refuses an account without security profiles, and a folder that it can not write to', async () => {
    await expect(run()).rejects.toThrow('the account has no security profiles in this region');
    const local = async () => ({ ...account.existing, isLocal: true });
    await expect(importAccount(file, { force: false }, local)).rejects.toThrow(
      /^the local stack has no security profiles, so there is nothing to import: use --aws/,
    );
    await account.createProfile('fleet-network', [bytesOut]);
    await expect(
      importAccount(join(folder, 'none', 'cordon.yml'), { force: true }, async () => account.existing),
    ).rejects.toThrow("cordon.yml can't be written (ENOENT)");
  });
});
