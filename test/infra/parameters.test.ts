import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
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

  it('makes what the end-to-end tests put together for a cordon.yml of their own', async () => {
    const ours = await packageService(shipped, {
      detector: 'device-defender',
      email: 'ops@example.com,night@example.com',
    });
    const readPackages = (directory: string) =>
      Object.fromEntries(
        readdirSync(directory)
          .filter((name) => name.endsWith('.zip'))
          .map((name) => [name, readConfigurations(join(directory, name))]),
      );

    expect(sortAttributes(readTemplate(ours.directory))).toEqual(
      sortAttributes(readTemplate(packages.directory)),
    );
    expect(readPackages(ours.directory)).toEqual(readPackages(packages.directory));
    await ours.remove();
  });
});

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
