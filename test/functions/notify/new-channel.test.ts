import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minimalConfiguration } from '../../builders';
import { copyWithBell } from './throw-away-channel';

/** The copy has one more folder and one more line. If a channel needed anything else, these tests would fail. */

const root = join(import.meta.dirname, '../../..');
const copy = copyWithBell('test');

/** A module of the copy. */
async function load<T>(path: string): Promise<T> {
  return (await import(join(copy.folder, path))) as T;
}

type Registry = typeof import('../../../functions/notify/channels/registry');
type Contract = typeof import('../../contract/channel-contract');
const { listChannels, listServed } = await load<Registry>('functions/notify/channels/registry.ts');
const { itKeepsTheContract } = await load<Contract>('test/contract/channel-contract.ts');
const { parseConfiguration } =
  await load<typeof import('../../../shared/config/parse')>('shared/config/parse.ts');

const cordonYml = `${minimalConfiguration}notify: { bell: { tower: north }, slack: { channel: '#ot' } }\n`;

async function writeTemplate(text: string) {
  const { writeResources } = await load<typeof import('../../../infra/template/write-resources')>(
    'infra/template/write-resources.ts',
  );
  const file = join(copy.folder, 'cordon.yml');
  writeFileSync(file, text);
  const { CORDON_CONFIG: before } = process.env;
  process.env.CORDON_CONFIG = file;
  try {
    return writeResources('dev', {});
  } finally {
    if (before === undefined) delete process.env.CORDON_CONFIG;
    else process.env.CORDON_CONFIG = before;
  }
}

afterAll(() => copy.remove());

describe('a new channel of one folder and one line in the registry', () => {
  it('satisfies the compiler without further changes', () => {
    const project = join(copy.folder, 'tsconfig.new-channel.json');
    const include = [
      'shared/config',
      'shared/config-module.d.ts',
      'functions/notify',
      'functions/operate',
      'infra',
      'test/functions/notify/channels/bell',
    ];
    writeFileSync(project, JSON.stringify({ extends: './tsconfig.json', include }));

    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--singleThreaded', '-p', project], {
      encoding: 'utf8',
    });

    expect(stdout).toBe('');
  });

  it('has its own section in cordon.yml, with its own errors', () => {
    expect(parseConfiguration(cordonYml, 'cordon.yml').notify).toEqual({
      bell: { tower: 'north' },
      slack: { channel: '#ot' },
    });
    expect(() => parseConfiguration(cordonYml.replace('north', 'North 1'), 'cordon.yml')).toThrow(
      /cordon\.yml:\d+: notify\.bell\.tower: expected the name of a tower such as north/,
    );
    expect(() => parseConfiguration(cordonYml.replace('bell:', 'gong:'), 'cordon.yml')).toThrow(
      /notify\.gong: unknown; expected one of slack, bell, .*email/,
    );
  });

  it('is explained by `check`', async () => {
    const { explainConfiguration } =
      await load<typeof import('../../../shared/config/explain')>('shared/config/explain.ts');
    const lines = explainConfiguration(parseConfiguration(cordonYml, 'cordon.yml')).split('\n');

    expect(lines).toContain('Announcements go to: Slack #ot, Bell of the north tower');
    expect(lines).toContain(
      'Bell receives nothing until the rope of the bells is stored: aws ssm put-parameter --name /cordon-STAGE/bell-rope --type SecureString --value ROPE',
    );
    expect(lines.join('\n')).toContain('cases appear only in Slack and Bell');
  });

  it('has a queue, a dead-letter queue, alarms, a subscription, rights and a chart in the template', async () => {
    const { Resources, Parameters, Conditions } = await writeTemplate(cordonYml);

    const own = Object.entries(Resources).filter(([id]) => /Bell/.test(id));
    expect(
      own.map(([id, { Type, Properties }]) => [id, Type, Properties.QueueName ?? Properties.AlarmName]),
    ).toEqual([
      ['NotifyBellQueue', 'AWS::SQS::Queue', 'cordon-dev-notify-bell'],
      ['NotifyBellDeadQueue', 'AWS::SQS::Queue', 'cordon-dev-notify-bell-dead'],
      ['NotifyBellDeadAlarm', 'AWS::CloudWatch::Alarm', 'cordon-dev-notify-bell-dead'],
      ['NotifyBellSubscription', 'AWS::SNS::Subscription', undefined],
      ['NotifyBellQueuePolicy', 'AWS::SQS::QueuePolicy', undefined],
      ['NotifyBellRole', 'AWS::IAM::Role', undefined],
      ['BellRefusedAlarm', 'AWS::CloudWatch::Alarm', 'cordon-dev-bell-refused'],
      ['BellLateAlarm', 'AWS::CloudWatch::Alarm', 'cordon-dev-bell-late'],
    ]);
    expect(Resources.NotifyBellSubscription?.Properties).toMatchObject({
      TopicArn: { Ref: 'AnnouncementsTopic' },
      FilterPolicy: { audience: ['people', 'heartbeat'] },
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['NotifyBellDeadQueue', 'Arn'] } },
    });
    const role = JSON.stringify(Resources.NotifyBellRole);
    expect(role).toContain('event-bus/north');
    expect(role).toContain('BellRopeParameter');
    expect(role).not.toContain('Slack');
    expect(JSON.stringify(Resources.NotifyRole)).not.toContain('Bell');
    expect(JSON.stringify(Resources.Dashboard)).toContain('Messages in Bell');
    expect(Object.keys({ ...Parameters, ...Conditions }).filter((name) => /Bell/.test(name))).toEqual([
      'BellApiUrl',
      'BellRopeParameter',
      'BellRopeSecret',
      'HasBellRopeSecret',
    ]);
  });

  it('has a function on its own queue, whose environment names its own secret and service only', async () => {
    const { writeChannelFunctions } = await load<typeof import('../../../infra/template/channels')>(
      'infra/template/channels.ts',
    );
    const { 'notify-bell': bell, notify } = writeChannelFunctions(
      parseConfiguration(cordonYml, 'cordon.yml'),
    );

    expect(bell).toMatchObject({
      handler: 'functions/notify/channels/bell/index.handler',
      role: { 'Fn::GetAtt': ['NotifyBellRole', 'Arn'] },
      environment: { BELL_PARAMETER: { 'Fn::If': expect.anything() }, BELL_API_URL: { Ref: 'BellApiUrl' } },
      events: [
        { schedule: 'rate(1 minute)' },
        { sqs: { arn: { 'Fn::GetAtt': ['NotifyBellQueue', 'Arn'] } } },
      ],
    });
    expect(Object.keys(notify?.environment ?? {})).toEqual(['SLACK_PARAMETER', 'SLACK_API_URL']);
  });

  it('adds nothing to a stack whose cordon.yml does not name it', async () => {
    const { Resources } = await writeTemplate(
      `${minimalConfiguration}notify: { slack: { channel: '#ot' } }\n`,
    );

    expect(JSON.stringify(Resources)).not.toMatch(/bell/i);
    expect(Object.keys(Resources)).toContain('NotifyQueue');
  });
});

describe('the channel bell', () => {
  const [bell] = listServed(listChannels()).filter(({ name }) => String(name) === 'bell');
  if (!bell) throw new Error('the registry of the copy has no bell');

  itKeepsTheContract(bell.descriptor, async () => {
    const { startStandIn } = await load<typeof import('./channels/slack/stand-in')>(
      'test/functions/notify/channels/bell/stand-in.ts',
    );
    return startStandIn();
  });
});
