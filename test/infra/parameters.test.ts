import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { type Packages, packageService, runPackager } from '../e2e/package-service';
import { ofType, readTemplate, root, template } from './template';

/** `sls deploy` packages just so before it talks to AWS. */
describe('sls package with parameters', () => {
  const shipped = readFileSync(join(root, 'cordon.yml'), 'utf8');
  let packages: Packages;

  beforeAll(async () => {
    packages = await runPackager(
      shipped,
      '--param=detector=device-defender',
      '--param=email=ops@example.com,night@example.com',
    );
  }, 120_000);

  afterAll(() => packages?.remove());

  /** The detector of the configuration beside the bundle of each function that has one. */
  const readDetectors = (directory: string) =>
    ['detect', 'respond', 'notify', 'operate'].map((name) => {
      const files = unzipSync(readFileSync(join(directory, `${name}.zip`)));
      const [file = ''] = Object.keys(files).filter((path) => path.endsWith('/configuration.json'));
      return JSON.parse(Buffer.from(files[file] ?? []).toString('utf8')).detector;
    });

  it('has the resources of the detector they name, though cordon.yml names another', () => {
    const there = readTemplate(packages.directory);
    const names = (given: typeof template) =>
      ['AWS::IoT::CustomMetric', 'AWS::IoT::SecurityProfile', 'AWS::IoT::MitigationAction'].flatMap((type) =>
        ofType(type, given).map(([id]) => id),
      );

    expect(names(template)).toEqual([]);
    expect(names(there)).toEqual([
      'Metricnumx5fxchildx5fxprocsx5fxmyapp',
      'Profilemyappx2dxprocesses',
      'DefenderAction',
    ]);
  });

  it('tells the functions of the same detector', () => {
    expect(readDetectors(join(root, '.serverless'))).toEqual(Array(4).fill('cordon'));
    expect(readDetectors(packages.directory)).toEqual(Array(4).fill('device-defender'));
  });

  it('writes to the addresses they name, and to no other', () => {
    const listAddresses = (given: typeof template) => [
      ...new Set(
        ofType('AWS::SNS::Subscription', given).flatMap(([, { Properties }]) =>
          Properties.Protocol === 'email' ? String(Properties.Endpoint) : [],
        ),
      ),
    ];

    expect(listAddresses(template)).toEqual([]);
    expect(listAddresses(readTemplate(packages.directory))).toEqual(['ops@example.com', 'night@example.com']);
  });

  it('makes what the end-to-end tests put together for parameters of their own', async () => {
    const ours = await packageService(shipped, {
      detector: 'device-defender',
      email: 'ops@example.com,night@example.com',
    });

    expect(readPackages(ours)).toEqual(readPackages(packages));
    await ours.remove();
  });
});

describe('sls package without a channel', () => {
  it('makes what the end-to-end tests put together for a cordon.yml of their own', async () => {
    const behavior =
      '{ name: low, metric: load, criteria: { comparisonOperator: less-than, value: { number: 9 } } }';
    const configuration = [
      'customMetrics: { load: { type: number } }',
      `securityProfiles: { all: { targets: [all/registered-things], behaviors: [${behavior}] } }`,
      'playbooks: [{ name: watch, mode: observe }]',
    ].join('\n');
    const [ours, packaged] = [await packageService(configuration), await runPackager(configuration)];

    expect(readPackages(ours)).toEqual(readPackages(packaged));
    await ours.remove();
    await packaged.remove();
  }, 120_000);
});

/** Template and packages of the functions; those of other functions are not deployed. */
function readPackages({ directory }: Packages): object {
  const template = readTemplate(directory);
  const zips = ofType('AWS::Lambda::Function', template).map(([, { Properties }]) => {
    const { S3Key = '' } = Properties.Code as { readonly S3Key?: string };
    const name = S3Key.slice(S3Key.lastIndexOf('/') + 1);
    return [name, readConfigurations(join(directory, name))];
  });
  return { template: sortAttributes(template), zips: Object.fromEntries(zips) };
}

/** What a package has: the hash of each file, and the configuration as it reads. */
function readConfigurations(zip: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(unzipSync(readFileSync(zip))).map(([name, content]) => [
      name,
      name.endsWith('.json')
        ? JSON.parse(Buffer.from(content).toString('utf8'))
        : createHash('sha256').update(content).digest('hex'),
    ]),
  );
}

/** Their order has no meaning, nor have the time and the hashes in the name of an upload. */
function sortAttributes({ Resources, ...rest }: typeof template): object {
  const sorted = Object.entries(Resources).map(([id, { DependsOn = [], ...resource }]) => [
    id,
    { ...resource, DependsOn: [DependsOn].flat().toSorted() },
  ]);
  const text = JSON.stringify({ ...rest, Resources: Object.fromEntries(sorted) });
  return JSON.parse(text.replace(/\/\d{13}-[^/]*\//g, '/TIME/'));
}
