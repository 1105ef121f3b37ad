import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describeFile } from '../../infra/before-deploy';
import { writeResources } from '../../infra/write-resources';

interface Log {
  readonly notice: (text: string) => void;
  readonly warning: (text: string) => void;
}

type Plugin = new (
  serverless: unknown,
  options: unknown,
  utils: { readonly log: Log },
) => { readonly hooks: Record<string, () => Promise<void>> };

const BeforeDeploy: Plugin = createRequire(import.meta.url)('../../infra/before-deploy-plugin.cjs');

interface Account {
  /** Of the function that is deployed there; undefined: none is. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Values of Parameter Store. */
  readonly stored?: Readonly<Record<string, string>>;
  /** Paths of what AWS IoT has. */
  readonly registry?: readonly string[];
  /** Answers of a service that refuses. */
  readonly refuses?: 'lambda' | 'ssm' | 'iot';
}

const secrets = [
  { ParameterKey: 'SlackTokenParameter', ParameterValue: '/cordon-prod/slack' },
  { ParameterKey: 'SlackTokenSecret', ParameterValue: '' },
];

/** An account that answers as AWS does, for the few calls of a plugin. */
async function startAccount({ environment, stored = {}, registry = [], refuses }: Account) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = String(request.url);
    const service = url === '/' ? 'ssm' : url.includes('/functions/') ? 'lambda' : 'iot';
    const isNamed = service !== 'ssm';
    const { Name = '' } = isNamed ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
    asked.push(isNamed ? url : Name);
    const found = {
      lambda: environment,
      ssm: stored[Name],
      iot: registry.includes(url) ? {} : undefined,
    }[service];
    const missing = isNamed ? 'ResourceNotFoundException' : 'ParameterNotFound';
    const refused = refuses === service ? 'AccessDeniedException' : undefined;
    const fault = refused ?? (found === undefined ? missing : undefined);
    response.writeHead(fault ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.1',
      ...(fault && { 'x-amzn-errortype': fault }),
    });
    const answer = isNamed
      ? { Configuration: { Environment: { Variables: environment } } }
      : { Parameter: { Name, Value: found } };
    response.end(JSON.stringify(fault ? { __type: fault, message: fault } : answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, asked, port: (server.address() as AddressInfo).port };
}

/** What the plugin asks and says before the stack is touched. */
async function beginDeploy(
  account: Account,
  stackParameters: readonly object[] = secrets,
  file = describeFile({}),
) {
  const { server, asked, port } = await startAccount(account);
  const provider = {
    getStage: () => 'prod',
    getAwsSdkV3Config: async () => ({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    }),
  };
  const service = { custom: { cordonFile: file }, provider: { stackParameters } };
  const notices: string[] = [];
  const warnings: string[] = [];
  const log = {
    notice: (text: string) => notices.push(text),
    warning: (text: string) => warnings.push(text),
  };
  try {
    const { hooks } = new BeforeDeploy({ getProvider: () => provider, service }, {}, { log });
    await hooks['before:aws:deploy:deploy:createStack']?.();
    return { asked, notices, warnings };
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
    const { asked } = await beginDeploy({
      environment: wasOn,
      stored: { '/cordon-prod/kill-switch': stored },
    });

    expect(asked.slice(0, 2)).toEqual([
      '/2015-03-31/functions/cordon-prod-respond',
      '/cordon-prod/kill-switch',
    ]);
  });

  it.each([
    ['the first deploy', {}],
    ['a version that had it off', { environment: { KILL_SWITCH: 'off' } }],
    ['a version that knows no such variable', { environment: {} }],
  ])('asks nothing of it at %s', async (_, account) => {
    expect((await beginDeploy(account)).asked).not.toContain('/cordon-prod/kill-switch');
  });

  it('stops where that can not be found out', async () => {
    await expect(beginDeploy({ refuses: 'lambda' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a first deploy into an account that has the names', () => {
  const taken = [
    '/thing-groups/cordon-quarantine',
    '/policies/cordon-prod-quarantine',
    '/security-profiles/myapp-processes',
    '/custom-metric/num_child_procs_myapp',
  ];

  it('stops before it changes anything, and says each name and what to do', async () => {
    const file = describeFile({ detector: 'device-defender' });

    await expect(beginDeploy({ registry: taken }, secrets, file)).rejects.toThrow(
      [
        'nothing was changed: the first deploy of stage prod would create what the account already has:',
        'thing group cordon-quarantine: set quarantine.thingGroup to another name',
        'security profile myapp-processes: rename it, or leave it out and write sources: { deviceDefender: { profiles: existing } }',
        'custom metric num_child_procs_myapp: rename it, or leave it out with the profiles that need it',
        'policy cordon-prod-quarantine: deploy another stage, or delete the policy if it is left over',
      ].join('\n'),
    );
  });

  it('asks only for what its stack creates', async () => {
    const { asked } = await beginDeploy({});

    expect(asked.filter((path) => taken.includes(path))).toEqual(taken.slice(0, 2));
  });

  it('goes on with a warning if it may not look', async () => {
    const { warnings } = await beginDeploy({ refuses: 'iot' });

    expect(warnings).toContainEqual(
      expect.stringContaining('whether the account has a thing group cordon-quarantine could not be seen'),
    );
  });

  it('is not judged by names where the stack is there, because they are its own', async () => {
    await expect(beginDeploy({ environment: {}, registry: taken })).resolves.toBeDefined();
  });
});

describe('whoever deploys', () => {
  it('hears at the first deploy what will happen to whom, and how to begin with looking only', async () => {
    const [notice = ''] = (await beginDeploy({})).notices;

    for (const part of [
      'This is what the first deploy of stage prod does',
      'myapp-processes/no-child-processes (all/registered-things)',
      'playbook spawned-child, critical: at once quarantine + disconnect',
      'never contained: group life-support',
      'set mode: observe in each playbook',
    ])
      expect(notice).toContain(part);
  });

  it('hears at each deploy of what is missing', async () => {
    const { notices, warnings } = await beginDeploy({ environment: {} });

    expect(notices).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('no e-mail address'),
      "Slack receives nothing until Slack's bot token or the URL of an incoming webhook is stored: aws ssm put-parameter --name /cordon-prod/slack --type SecureString --value xoxb-YOUR-BOT-TOKEN",
    ]);
  });

  it.each([
    ['a token is stored', { stored: { '/cordon-prod/slack': 'encrypted' } }, secrets],
    [
      'it is in Secrets Manager',
      {},
      [...secrets.slice(0, 1), { ParameterKey: 'SlackTokenSecret', ParameterValue: 'slack' }],
    ],
  ])('hears nothing of Slack where %s', async (_, account, parameters) => {
    const { warnings } = await beginDeploy({ environment: {}, ...account }, parameters);

    expect(warnings).toEqual([expect.stringContaining('no e-mail address')]);
  });

  it('may deploy without the right to look for the token', async () => {
    const { warnings } = await beginDeploy({ environment: {}, refuses: 'ssm' });

    expect(warnings[1]).toContain('could not be seen: AccessDeniedException');
  });
});

describe('the parameter that turned the kill switch', () => {
  it.each(['on', 'off', 'On'])('is refused with the value %s, which names the command', (killSwitch) => {
    expect(() => writeResources('prod', { killSwitch })).toThrow(
      `parameter killSwitch=${killSwitch}: a deploy no longer turns the kill switch: leave the parameter out, and run cordon --aws --stage prod kill-switch`,
    );
  });
});
