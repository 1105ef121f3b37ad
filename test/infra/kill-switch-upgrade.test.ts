import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { writeResources } from '../../infra/write-resources';

const KeepKillSwitch: new (serverless: unknown) => { readonly hooks: Record<string, () => Promise<void>> } =
  createRequire(import.meta.url)('../../infra/kill-switch-plugin.cjs');

interface Account {
  /** Of the function that is deployed there; undefined: none is. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly stored?: string;
  readonly refusal?: string;
}

/** What the plugin does before the stack is touched, against an account that answers as AWS does. */
async function beginDeploy({ environment, stored, refusal }: Account): Promise<readonly string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const target = String(request.headers['x-amz-target'] ?? request.url);
    asked.push(target);
    const isLambda = target.startsWith('/');
    const found = isLambda ? environment : stored;
    const name = isLambda ? 'ResourceNotFoundException' : 'ParameterNotFound';
    const fault = refusal ?? (found === undefined ? name : undefined);
    response.writeHead(fault ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.1',
      ...(fault && { 'x-amzn-errortype': fault }),
    });
    const answer = isLambda
      ? { Configuration: { Environment: { Variables: environment } } }
      : { Parameter: { Name: '/cordon-prod/kill-switch', Value: stored } };
    response.end(JSON.stringify(fault ? { __type: fault, message: fault } : answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const provider = {
    getStage: () => 'prod',
    getAwsSdkV3Config: async () => ({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    }),
  };
  try {
    const { hooks } = new KeepKillSwitch({ getProvider: () => provider });
    await hooks['before:aws:deploy:deploy:createStack']?.();
    return asked;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const wasOn = { KILL_SWITCH: 'on', TABLE_NAME: 'cordon-prod' };

describe('a deploy over a version that had the kill switch as a parameter', () => {
  it('stops where it is on there and nobody has said what it is from now on', async () => {
    await expect(beginDeploy({ environment: wasOn })).rejects.toThrow(
      'run cordon --aws --stage prod kill-switch on to keep it on, or cordon --aws --stage prod kill-switch off, and deploy again',
    );
  });

  it.each(['on', 'off'])('goes on where somebody has turned it %s', async (stored) => {
    expect(await beginDeploy({ environment: wasOn, stored })).toEqual([
      '/2015-03-31/functions/cordon-prod-respond',
      'AmazonSSM.GetParameter',
    ]);
  });

  it.each([
    ['the first deploy', {}],
    ['a version that had it off', { environment: { KILL_SWITCH: 'off' } }],
    ['a version that knows no such variable', { environment: { TABLE_NAME: 'cordon-prod' } }],
  ])('asks no further at %s', async (_, account) => {
    expect(await beginDeploy(account)).toEqual(['/2015-03-31/functions/cordon-prod-respond']);
  });

  it('stops where that can not be found out', async () => {
    await expect(beginDeploy({ refusal: 'AccessDeniedException' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('the parameter that turned the kill switch', () => {
  it.each(['on', 'off', 'On'])('is refused with the value %s, which names the command', (killSwitch) => {
    expect(() => writeResources('prod', { killSwitch })).toThrow(
      `parameter killSwitch=${killSwitch}: no deploy turns the kill switch any more: leave it out, and run cordon --aws --stage prod kill-switch`,
    );
  });
});
