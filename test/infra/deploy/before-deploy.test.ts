import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describeFile } from '../../../infra/deploy/before-deploy';
import { writeResources } from '../../../infra/template/write-resources';
import { answerName } from '../../deploy/answer-names';

interface Log {
  readonly notice: (text: string) => void;
  readonly warning: (text: string) => void;
}

type Plugin = new (
  serverless: unknown,
  options: unknown,
  utils: { readonly log: Log },
) => { readonly hooks: Record<string, () => Promise<void>> };

const BeforeDeploy: Plugin = createRequire(import.meta.url)('../../../infra/deploy/before-deploy-plugin.cjs');

interface Account {
  /** The environment of the function that is deployed there; undefined if none is. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Values of Parameter Store. */
  readonly stored?: Readonly<Record<string, string>>;
  /** `TYPE NAME` of what it has beside the stack. */
  readonly taken?: readonly string[];
  /** Resources of the stack, by type and physical id. */
  readonly own?: readonly (readonly [type: string, id: string])[];
  /** Answers of a service that refuses. */
  readonly refuses?: 'lambda' | 'ssm' | 'iot' | 'cloudformation';
}

const secrets = [
  { ParameterKey: 'SlackTokenParameter', ParameterValue: '/cordon-prod/slack' },
  { ParameterKey: 'SlackTokenSecret', ParameterValue: '' },
];

/** An account that answers as AWS does, for the few calls of a plugin. All but AWS IoT has no name of the stack. */
async function startAccount(account: Account) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const text = await buffer(request);
    const url = String(request.url);
    const [, service = ''] =
      /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(String(request.headers.authorization)) ?? [];
    const isAsked = ['lambda', 'iot', 'ssm'].includes(service);
    const name = service === 'ssm' ? JSON.parse(text.toString('utf8')).Name : url;
    if (isAsked) asked.push(name);
    if (service === 'cloudformation') return answerStack(account, text.toString('utf8'), response);
    if (account.refuses === service) return refuse(response, 'AccessDeniedException');
    if (service === 'ssm') {
      const Value = account.stored?.[name];
      if (Value === undefined) refuse(response, 'ParameterNotFound');
      else response.end(JSON.stringify({ Parameter: { Name: name, Value } }));
    } else if (account.environment && name.includes('-respond'))
      response.end(JSON.stringify({ Configuration: { Environment: { Variables: account.environment } } }));
    else {
      const isTaken = (type: string, taken: string) => account.taken?.includes(`${type} ${taken}`) ?? false;
      const { status, headers, body } = answerName(service, request, text, isTaken);
      response.writeHead(status, headers).end(body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, asked, port: (server.address() as AddressInfo).port };
}

function answerStack({ own, refuses }: Account, text: string, response: ServerResponse): void {
  const refusal = refuses === 'cloudformation' ? 'AccessDenied' : 'ValidationError';
  if (!own || refuses === 'cloudformation') {
    const message = refuses === 'cloudformation' ? 'no' : 'Stack with id cordon-prod does not exist';
    response.writeHead(400);
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${refusal}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
    return;
  }
  if (text.includes('Action=GetTemplate')) {
    response.end(
      '<GetTemplateResponse><GetTemplateResult><TemplateBody>{}</TemplateBody></GetTemplateResult></GetTemplateResponse>',
    );
    return;
  }
  const members = own.map(
    ([type, id]) =>
      `<member><LogicalResourceId>L</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceType>${type}</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>`,
  );
  response.end(
    `<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries>${members.join('')}</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>`,
  );
}

function refuse(response: ServerResponse, fault: string): void {
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': fault });
  response.end(JSON.stringify({ __type: fault, message: fault }));
}

/** What the plugin asks and says before the stack is touched. */
async function beginDeploy(
  account: Account,
  stackParameters: readonly object[] = secrets,
  parameters: Parameters<typeof describeFile>[0] = {},
) {
  const file = describeFile(parameters);
  const { server, asked, port } = await startAccount(account);
  const provider = {
    getStage: () => 'prod',
    getRegion: () => 'us-east-1',
    getAccountInfo: async () => ({ partition: 'aws', accountId: '123456789012' }),
    naming: { getStackName: () => 'cordon-prod' },
    getAwsSdkV3Config: async () => ({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    }),
  };
  const service = {
    custom: { cordonFile: file, cordon: { table: null } },
    provider: { stackParameters, compiledCloudFormationTemplate: writeResources('prod', parameters) },
  };
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
  it('stops if it is on there and nobody has said what it is from now on', async () => {
    await expect(beginDeploy({ environment: wasOn })).rejects.toThrow(
      'run cordon --aws --stage prod kill-switch on to keep it on, or cordon --aws --stage prod kill-switch off, and deploy again',
    );
  });

  it.each(['on', 'off'])('continues if somebody has turned it %s', async (stored) => {
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

  it('stops if that can not be found out', async () => {
    await expect(beginDeploy({ refuses: 'lambda' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('a first deploy into an account that has the names', () => {
  const taken = [
    'AWS::CloudWatch::Alarm cordon-prod-alerts-dead',
    'AWS::CloudWatch::Dashboard cordon-prod',
    'AWS::DynamoDB::Table cordon-prod',
    'AWS::IoT::CustomMetric num_child_procs_myapp',
    'AWS::IoT::Policy cordon-prod-quarantine',
    'AWS::IoT::SecurityProfile myapp-processes',
    'AWS::IoT::ThingGroup cordon-quarantine',
    'AWS::SNS::Topic cordon-prod-alerts',
    'AWS::SQS::Queue cordon-prod-commands.fifo',
  ];

  it('stops before it changes anything, and says each name and what to do', async () => {
    await expect(beginDeploy({ taken }, secrets, { detector: 'device-defender' })).rejects.toThrow(
      [
        'nothing was changed: this deploy of stage prod would create names that the account already has outside the stack:',
        'alarm cordon-prod-alerts-dead: if an earlier stack left it over, delete it; otherwise deploy another stage',
        'dashboard cordon-prod: if an earlier stack left it over, delete it; otherwise deploy another stage',
        'table cordon-prod: to continue with the cases of an earlier stack, deploy with --param="table=adopt"; to start without them, delete the table (docs/removing.md)',
        'custom metric num_child_procs_myapp: rename it in cordon.yml, or remove it there with the profiles that need it',
        'policy cordon-prod-quarantine: if an earlier stack left it over, delete it; otherwise deploy another stage',
        'security profile myapp-processes: rename it in cordon.yml, or remove it there and write sources: { deviceDefender: { profiles: existing } } (docs/existing-device-defender.md)',
        'thing group cordon-quarantine: in cordon.yml, adopt it (quarantine: { thingGroup: NAME, adopt: true }), or set quarantine.thingGroup to another name',
        'topic cordon-prod-alerts: if an earlier stack left it over, delete it; otherwise deploy another stage',
        'queue cordon-prod-commands.fifo: if an earlier stack left it over, delete it; otherwise deploy another stage',
      ].join('\n'),
    );
  });

  it('asks only for what its stack creates', async () => {
    const { asked } = await beginDeploy({});

    expect(asked.filter((path) => /^\/(security-profiles|custom-metric)/.test(path))).toEqual([]);
    expect(asked).toContain('/thing-groups/cordon-quarantine');
  });

  it.each(['iot', 'cloudformation'] as const)(
    'continues with a warning if it may not look in %s',
    async (refuses) => {
      const { warnings } = await beginDeploy({ refuses });

      expect(warnings).toContainEqual(
        expect.stringMatching(/^could not (check|list) .*docs\/iam\/deploy-checks\.json/),
      );
    },
  );
});

describe('a later deploy', () => {
  const own = [
    ['AWS::IoT::ThingGroup', 'cordon-quarantine'],
    ['AWS::IoT::Policy', 'cordon-prod-quarantine'],
  ] as const;

  it('is not judged by the names of its own stack', async () => {
    await expect(
      beginDeploy({
        environment: {},
        own,
        taken: own.map((one) => one.join(' ')),
      }),
    ).resolves.toBeDefined();
  });

  it('stops for a name that it adds and the account has', async () => {
    await expect(
      beginDeploy({ environment: {}, own, taken: ['AWS::IoT::SecurityProfile myapp-processes'] }, secrets, {
        detector: 'both',
      }),
    ).rejects.toThrow('outside the stack:\nsecurity profile myapp-processes: rename it');
  });
});

describe('whoever deploys', () => {
  it('reads at the first deploy what will happen to which things, and how to only observe', async () => {
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

  it('reads at each deploy what is missing', async () => {
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
  ])('does not mention Slack if %s', async (_, account, parameters) => {
    const { warnings } = await beginDeploy({ environment: {}, ...account }, parameters);

    expect(warnings).toEqual([expect.stringContaining('no e-mail address')]);
  });

  it('may deploy without the right to look for the token', async () => {
    const { warnings } = await beginDeploy({ environment: {}, refuses: 'ssm' });

    expect(warnings[1]).toMatch(/^could not check .*: AccessDeniedException/);
  });
});

describe('the parameter that turned the kill switch', () => {
  it.each(['on', 'off', 'On'])('is refused with the value %s, which names the command', (killSwitch) => {
    expect(() => writeResources('prod', { killSwitch })).toThrow(
      `parameter killSwitch=${killSwitch}: a deploy no longer turns the kill switch: leave the parameter out, and run cordon --aws --stage prod kill-switch`,
    );
  });
});
