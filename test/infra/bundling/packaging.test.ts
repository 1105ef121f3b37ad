import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { type Checkout, openCheckout } from '../../deploy/checkout';
import { packageService } from '../../e2e/package-service';
import { ofType, readTemplate, root, template } from '../template/template';

const shipped = readFileSync(join(root, 'cordon.yml'), 'utf8');
let checkout: Checkout;

beforeAll(() => {
  checkout = openCheckout();
});
afterAll(() => checkout.close());

/** Packages with another cordon.yml. Returns the folder of the packages. */
async function packageAs(name: string, configuration: string, ...flags: readonly string[]): Promise<string> {
  const directory = join(checkout.folder, name);
  const file = `${directory}.yml`;
  writeFileSync(file, configuration);
  const { code, said } = await checkout.sls(['package', '--package', directory, ...flags], {
    CORDON_CONFIG: file,
  });
  expect(code === 0 ? 'packaged' : said).toBe('packaged');
  return directory;
}

async function packageInVain(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, said } = await checkout.sls(['package', ...flags], env);
  expect(code).not.toBe(0);
  expect(said).not.toMatch(/^\s+at /m);
  return said;
}

describe('sls package', () => {
  it('names file, line and what to write instead if cordon.yml is wrong, without a stack trace', async () => {
    const file = join(checkout.folder, 'broken.yml');
    writeFileSync(file, shipped.replace('mode: enforce', 'mode: enforec'));
    const line = shipped.slice(0, shipped.indexOf('mode: enforce')).split('\n').length;

    const said = await packageInVain([], { CORDON_CONFIG: file });

    expect(said).toContain(
      `\n${file}:${line}: playbooks.0.mode: Invalid option: expected one of "observe"|"approve"|"enforce"`,
    );
  }, 120_000);

  it('says which parameter is wrong, and what to give instead', async () => {
    const said = await packageInVain(['--param=detector=detect', '--param=email=ops']);

    expect(said).toContain(
      '\nparameter detector=detect: Invalid option: expected one of "cordon"|"device-defender"|"both"\nparameter email=ops: Invalid email address\n',
    );
  }, 120_000);
});

/** `sls deploy` packages just so before it talks to AWS. */
describe('sls package with parameters', () => {
  let packages: string;

  beforeAll(async () => {
    packages = await packageAs(
      'parameters',
      shipped,
      '--param=detector=device-defender',
      '--param=email=ops@example.com,night@example.com',
    );
  }, 120_000);

  /** The detector of the configuration beside the bundle of each function that has one. */
  const readDetectors = (directory: string) =>
    ['detect', 'respond', 'notify', 'operate'].map((name) => {
      const files = unzipSync(readFileSync(join(directory, `${name}.zip`)));
      const [file = ''] = Object.keys(files).filter((path) => path.endsWith('/configuration.json'));
      return JSON.parse(Buffer.from(files[file] ?? []).toString('utf8')).detector;
    });

  it('has the resources of the detector they name, though cordon.yml names another', () => {
    const there = readTemplate(packages);
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

  it('gives the functions the same detector', () => {
    expect(readDetectors(join(root, '.serverless'))).toEqual(Array(4).fill('cordon'));
    expect(readDetectors(packages)).toEqual(Array(4).fill('device-defender'));
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
    expect(listAddresses(readTemplate(packages))).toEqual(['ops@example.com', 'night@example.com']);
  });

  it('makes what the end-to-end tests put together for parameters of their own', async () => {
    const ours = await packageService(shipped, {
      detector: 'device-defender',
      email: 'ops@example.com,night@example.com',
    });

    expect(readPackages(ours.directory)).toEqual(readPackages(packages));
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
    const [ours, packaged] = [await packageService(configuration), await packageAs('quiet', configuration)];

    expect(readPackages(ours.directory)).toEqual(readPackages(packaged));
    await ours.remove();
  }, 120_000);
});

/** Template and packages of the functions; those of other functions are not deployed. */
function readPackages(directory: string): object {
  const template = readTemplate(directory);
  const zips = ofType('AWS::Lambda::Function', template).map(([, { Properties, Metadata }]) => {
    const { S3Key = '' } = Properties.Code as { readonly S3Key?: string };
    const name = S3Key.slice(S3Key.lastIndexOf('/') + 1);
    const zip = readFileSync(join(directory, name));
    // `cordon doctor` compares the code that runs with it.
    expect(Metadata).toEqual({ CodeSha256: createHash('sha256').update(zip).digest('base64') });
    return [name, readConfigurations(zip)];
  });
  return { template: sortAttributes(template), zips: Object.fromEntries(zips) };
}

/** What a package has: the hash of each file, and the configuration as it reads. */
function readConfigurations(zip: Buffer): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(unzipSync(zip)).map(([name, content]) => [
      name,
      name.endsWith('.json')
        ? JSON.parse(Buffer.from(content).toString('utf8'))
        : createHash('sha256').update(content).digest('hex'),
    ]),
  );
}

/** Their order has no meaning, nor have the time in the name of an upload, and how far it is compressed. */
function sortAttributes({ Resources, ...rest }: typeof template): object {
  const sorted = Object.entries(Resources).map(([id, { DependsOn = [], ...resource }]) => [
    id,
    { ...resource, DependsOn: [DependsOn].flat().toSorted() },
  ]);
  const text = JSON.stringify({ ...rest, Resources: Object.fromEntries(sorted) });
  return JSON.parse(
    text.replace(/\/\d{13}-[^/]*\//g, '/TIME/').replace(/"CodeSha256":"[^"]*"/g, '"CodeSha256":""'),
  );
}
