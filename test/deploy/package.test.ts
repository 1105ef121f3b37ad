import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { root, template } from '../infra/template/template';
import { type AwsServer, startAwsServer } from './aws-server';

let folder: string;
let aws: AwsServer;

/** Installs what `npm pack` makes, as `npm install` does; scripts/check-package.ts checks its list of files. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-package-'));
  const installed = join(folder, 'node_modules', 'cordon');
  mkdirSync(join(installed, 'bin'), { recursive: true });
  for (const file of ['package.json', join('bin', 'cordon.mjs')])
    cpSync(join(root, file), join(installed, file));
  symlinkSync(join(root, 'node_modules', 'osls'), join(folder, 'node_modules', 'osls'));
  const built = await run(
    join(root, 'scripts', 'build-package.mjs'),
    ['--kept', join(installed, 'dist', 'package')],
    root,
  );
  if (built.code !== 0) throw new Error(built.said);
  mkdirSync(join(folder, 'site'));
  cpSync(join(root, 'cordon.yml'), join(folder, 'site', 'cordon.yml'));
  aws = await startAwsServer();
}, 180_000);
afterAll(async () => {
  await aws?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(
  script: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
) {
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  return { code: code ?? 1, said };
}

/** The command of the package, in a folder with nothing but a cordon.yml. */
const cordon = (...args: readonly string[]) => {
  const { CORDON_CONFIG: _, CORDON_CHECKOUT: __, ...env } = process.env;
  return run(join(folder, 'node_modules', 'cordon', 'bin', 'cordon.mjs'), args, join(folder, 'site'), {
    ...env,
    NODE_COMPILE_CACHE: join(root, 'dist', 'compile-cache'),
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    SLS_AWS_MONITORING_FREQUENCY: '20',
  });
};

/** The time of a deploy, and the hash of its packages, are part of a key in S3. */
const withoutTimes = (given: unknown) =>
  JSON.parse(JSON.stringify(given).replace(/\/\d{13}-[^/]*\//g, '/TIME/'));

describe('the npm package', () => {
  it('refuses a wrong cordon.yml, an invalid stage and an invalid region, without a call to AWS', async () => {
    writeFileSync(join(folder, 'site', 'wrong.yml'), 'securityProfile: {}\n');

    const wrong = await cordon('deploy', '--config', 'wrong.yml');
    const stage = await cordon('deploy', '--stage', 'eu_prod');
    const region = await cordon('deploy', '--region', '');

    expect(wrong).toMatchObject({
      code: 1,
      said: expect.stringContaining('wrong.yml:1: securityProfile: unknown'),
    });
    expect(stage).toMatchObject({
      code: 2,
      said: expect.stringContaining('--stage eu_prod: expected up to 24'),
    });
    expect(region).toMatchObject({ code: 2, said: expect.stringContaining('no region is set') });
    expect(aws.calls).toEqual([]);
  }, 120_000);

  it('deploys without a checkout what sls deploys from one, says how to go on, and removes it', async () => {
    const deployed = await cordon('deploy', '--stage', 'dev', '--param', 'oidcGroupClaim=roles');

    expect(deployed.code === 0 ? 'deployed' : deployed.said).toBe('deployed');
    expect(deployed.said).toContain(
      'Cordon Version is deployed as stage dev in us-east-1.\nApiUrl: ApiUrl\n',
    );
    expect(deployed.said).toContain('AWS_REGION=us-east-1 cordon --aws --stage dev doctor');
    const stack = aws.account.find('cordon-dev');
    expect(stack.parameters).toMatchObject({ OidcGroupClaim: 'roles' });
    expect(withoutTimes(stack.template)).toEqual(withoutTimes(template));
    expect(readPackages()).toEqual(readCheckout());

    const removed = await cordon('remove', '--stage', 'dev');
    expect(removed.code === 0 ? 'removed' : removed.said).toBe('removed');
    expect([...aws.account.taken.values()].map(({ logicalId }) => logicalId).toSorted()).toEqual([
      'ProvisionLogGroup',
      'Table',
    ]);
  }, 300_000);
});

/** The files of each function's package, by name. */
function readPackages(): object {
  const zips = [...aws.objects].filter(([name]) => name.endsWith('.zip'));
  return Object.fromEntries(
    zips.map(([name, { body }]) => [name.slice(name.lastIndexOf('/') + 1), readZip(body)]),
  );
}

function readCheckout(): object {
  const folderOf = join(root, '.serverless');
  const names = readdirSync(folderOf).filter((name) => name.endsWith('.zip'));
  return Object.fromEntries(names.map((name) => [name, readZip(readFileSync(join(folderOf, name)))]));
}

function readZip(zip: Uint8Array): object {
  const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
  return Object.fromEntries(Object.entries(unzipSync(zip)).map(([name, content]) => [name, hash(content)]));
}
