import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { type Packages, packageService } from '../e2e/package-service';
import { ofType, readTemplate, root, template } from './template';

/** `sls deploy` packages just so before it talks to AWS. */
describe('sls package with parameters', () => {
  let packages: Packages;

  beforeAll(async () => {
    packages = await packageService(
      readFileSync(join(root, 'cordon.yml'), 'utf8'),
      '--param=detector=device-defender',
      '--param=email=ops@example.com,night@example.com',
    );
  }, 120_000);

  afterAll(() => packages?.remove());

  /** The detector of the configuration in the bundle of each function that has one. */
  const readDetectors = (directory: string) =>
    ['detect', 'respond', 'notify', 'operate'].map((name) => {
      const files = unzipSync(readFileSync(join(directory, `${name}.zip`)));
      const text = Buffer.concat(Object.values(files)).toString('utf8');
      return /=\{detector:"([^"]+)",customMetrics:/.exec(text)?.[1];
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
});
