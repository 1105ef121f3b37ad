import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../infra/template';
import { type AwsServer, startAwsServer } from './aws-server';

let aws: AwsServer;
let checkout: string;

beforeAll(() => {
  // Its own .serverless and .esbuild: those of the checkout may be in use.
  checkout = mkdtempSync(join(tmpdir(), 'cordon-deploy-'));
  for (const source of [
    'functions',
    'shared',
    'infra',
    'serverless.yml',
    'cordon.yml',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, source), join(checkout, source), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

beforeEach(async () => {
  aws = await startAwsServer();
});
afterEach(() => aws.close());

/** Runs the very command of the pages against the stand-in. */
async function sls(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number; readonly said: string }> {
  const child = spawn('npx', ['sls', ...args], {
    cwd: checkout,
    env: {
      ...process.env,
      ...env,
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      SLS_AWS_MONITORING_FREQUENCY: '20',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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

const statusOf = (stack = 'cordon-dev') => aws.account.stacks.get(stack)?.status;

describe('npx sls deploy', () => {
  it('comes to its end on an account that has nothing yet, again with another parameter, and is removed', async () => {
    const first = await sls(['deploy', '--stage', 'dev']);
    expect(first.code === 0 ? 'deployed' : first.said).toBe('deployed');
    expect(statusOf()).toBe('UPDATE_COMPLETE');
    expect(aws.account.find('cordon-dev').parameters).toMatchObject({ OidcGroupClaim: 'groups' });

    const second = await sls(['deploy', '--stage', 'dev', '--param=oidcGroupClaim=roles']);
    expect(second.code === 0 ? 'deployed' : second.said).toBe('deployed');
    expect(aws.account.find('cordon-dev').parameters).toMatchObject({ OidcGroupClaim: 'roles' });

    const removal = await sls(['remove', '--stage', 'dev']);
    expect(removal.code === 0 ? 'removed' : removal.said).toBe('removed');
    expect([...aws.account.taken.keys()]).toEqual(['AWS::DynamoDB::Table cordon-dev']);
  }, 180_000);

  it('deploys what was packaged before: all that a cordon.yml can ask for, in a stage with the longest name', async () => {
    const stage = 'a234567890123456';
    const env = { CORDON_CONFIG: join(root, 'test', 'infra', 'everything.yml') };
    const packaged = await sls(['package', '--stage', stage, '--package', 'packages'], env);
    expect(packaged.code === 0 ? 'packaged' : packaged.said).toBe('packaged');

    const deployed = await sls(['deploy', '--stage', stage, '--package', 'packages'], env);
    expect(deployed.code === 0 ? 'deployed' : deployed.said).toBe('deployed');
    expect(statusOf(`cordon-${stage}`)).toBe('UPDATE_COMPLETE');
  }, 180_000);

  it('says what CloudFormation refuses, and changes nothing', async () => {
    const { code, said } = await sls(['deploy', '--stage', 'dev', '--param=kmsKeyArn=my-key']);

    expect(code).not.toBe(0);
    expect(said).toContain("Parameter 'KmsKeyArn' must match");
    expect([...aws.account.taken]).toEqual([]);
  }, 180_000);
});
