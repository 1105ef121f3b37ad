import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AttachPolicyCommand,
  AttachSecurityProfileCommand,
  CreateCustomMetricCommand,
  CreatePolicyCommand,
  CreateSecurityProfileCommand,
  CreateThingGroupCommand,
} from '@aws-sdk/client-iot';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { namePropertyOf } from '../../../local/aws/cloudformation/limits';
import { template } from '../../infra/template/template';
import { anAlert } from '../alerts';
import { type Cli, openCli } from '../cli-process';
import { type DocumentedCaller, registerDocumented } from '../documented-rights';
import { root } from '../harness';
import { e2e } from './stack';

const { openNames } = createRequire(import.meta.url)('../../../infra/deploy/account-names.cjs');

let reader: DocumentedCaller;
let actor: DocumentedCaller;
let readerCli: Cli;
let actorCli: Cli;

/** Makes a case one of an earlier release, which a list has to read. */
async function forgetOutline(thingName: string): Promise<void> {
  const { gateway } = e2e.stack.aws;
  const dynamodb = new DynamoDBClient({
    endpoint: gateway.url,
    region: e2e.stack.identity.region,
    credentials: gateway.operatorCredentials,
  });
  await DynamoDBDocumentClient.from(dynamodb).send(
    new UpdateCommand({
      TableName: e2e.stack.deployed.outputs.TableName ?? '',
      Key: { pk: `THING#${thingName}`, sk: 'CASE' },
      UpdateExpression: 'REMOVE outline',
    }),
  );
  dynamodb.destroy();
}

const refusals = () => e2e.log.filter(({ message }) => message.startsWith('refused by IAM'));

/** The IAM policies of docs/iam. */
export function testOperatorRights(): void {
  beforeAll(async () => {
    const configuration = await readFile(join(root, 'cordon.yml'), 'utf8');
    reader = await registerDocumented(e2e, 'read-cases');
    actor = await registerDocumented(e2e, 'act-on-cases');
    readerCli = await openCli(e2e, configuration, reader.credentials);
    actorCli = await openCli(e2e, configuration, actor.credentials);
  }, 120_000);

  afterAll(async () => {
    await readerCli?.remove();
    await actorCli?.remove();
  });

  describe('the rights of docs/iam', () => {
    it('are sufficient to act on cases and to read them, and all of them are needed', async () => {
      await e2e.enroll('handled');
      await e2e.enroll('alarmed');
      await e2e.publishAlert(anAlert('alarmed'));
      await e2e.waitForCase('alarmed', 'contained');
      await e2e.waitForQuiet();
      await forgetOutline('alarmed');
      expect(await actorCli.run('contain', 'handled')).toMatchObject({ code: 0, err: '' });
      for (const args of [
        ['list'],
        ['show', 'handled'],
        ['history', '--thing', 'handled'],
        ['verify', 'handled'],
        ['export', 'handled'],
        ['replay', '--since', '1d', '--config', 'cordon.yml'],
      ])
        expect([args, await readerCli.run(...args)]).toEqual([args, expect.objectContaining({ code: 0 })]);
      expect(await actorCli.run('release', 'handled')).toMatchObject({ code: 0, err: '' });
      expect(await actorCli.run('comment', '--all', '--thing', 'alarmed', '-c', 'seen')).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('--all needs --expect: 1 case matches now'),
      });
      await forgetOutline('alarmed');
      const selected = ['--all', '--thing', 'alarm*', '--expect', '1'];
      expect(await actorCli.run('comment', ...selected, '-c', 'seen')).toMatchObject({ code: 0, err: '' });
      expect(await actorCli.run('release', '--all', '--thing', 'alarmed', '--expect', '2')).toMatchObject({
        code: 3,
        err: expect.stringContaining('not 2, so nothing was done'),
      });

      expect(reader.used()).toEqual(reader.granted);
      expect(actor.used()).toEqual(actor.granted);
      expect(refusals()).toEqual([]);
    }, 180_000);

    it('are sufficient to read the security profiles of the account, and all of them are needed', async () => {
      const profiles = await registerDocumented(e2e, 'read-profiles');
      const cli = await openCli(e2e, await readFile(join(root, 'cordon.yml'), 'utf8'), profiles.credentials);
      const securityProfileName = 'fleet-network';
      const behavior = {
        name: 'many-bytes-out',
        metric: 'aws:all-bytes-out',
        criteria: { comparisonOperator: 'less-than' as const, value: { count: 9 }, durationSeconds: 300 },
      };
      const metric = { metricName: 'children', metricType: 'number' as const, clientRequestToken: 't' };
      await e2e.iot.send(new CreateCustomMetricCommand(metric));
      await e2e.iot.send(new CreateSecurityProfileCommand({ securityProfileName, behaviors: [behavior] }));
      const { accountId, region } = e2e.stack.identity;
      const target = `arn:aws:iot:${region}:${accountId}:all/things`;
      await e2e.iot.send(
        new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn: target }),
      );

      try {
        const { code, out } = await cli.run('check', '--account');
        expect([code, out]).toEqual([
          0,
          expect.stringContaining(
            'fleet-network/many-bytes-out (all/things)\n  normal: aws:all-bytes-out is less than 9',
          ),
        ]);
        expect(await cli.run('import', 'imported.yml')).toMatchObject({ code: 0, err: '' });
        expect(await cli.run('check', 'imported.yml', '--account')).toMatchObject({ code: 0, err: '' });
        await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName: 'theirs' }));
        const mute = { Effect: 'Deny', Action: 'iot:Publish', Resource: '*' };
        const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [mute] });
        await e2e.iot.send(new CreatePolicyCommand({ policyName: 'mute', policyDocument }));
        const group = `arn:aws:iot:${region}:${accountId}:thinggroup/theirs`;
        await e2e.iot.send(new AttachPolicyCommand({ policyName: 'mute', target: group }));
        const adopting =
          'sources: { deviceDefender: { profiles: existing } }\nplaybooks: [{ name: any, mode: observe }]\n' +
          'quarantine: { adopt: true, thingGroup: ';
        await writeFile(join(cli.folder, 'adopting.yml'), `${adopting}theirs }\n`);
        expect(await cli.run('check', 'adopting.yml', '--account')).toMatchObject({
          code: 0,
          out: expect.stringMatching(
            /Quarantine group theirs: a deploy adopts it\n {2}policy mute of thing group theirs does not deny all/,
          ),
        });
        await writeFile(join(cli.folder, 'adopting.yml'), `${adopting}cordon-quarantine }\n`);
        expect(await cli.run('check', 'adopting.yml', '--account')).toMatchObject({
          code: 6,
          out: expect.stringMatching(
            /Quarantine group cordon-quarantine: a deploy refuses it\n {2}this stack created thing group/,
          ),
        });
        expect(profiles.used()).toEqual(profiles.granted);
      } finally {
        await cli.remove();
      }
    }, 180_000);

    it('are sufficient to look for what a deploy would add, and all of them are needed', async () => {
      const deployer = await registerDocumented(e2e, 'deploy-checks');
      const { identity, aws } = e2e.stack;
      const settings = {
        region: identity.region,
        endpoint: aws.gateway.url,
        credentials: deployer.credentials,
      };
      const names = openNames(
        settings,
        async (service: string) => `arn:aws:${service}:${identity.region}:${identity.accountId}`,
      );
      const { groups } = names;
      /** The local stack has these in name only: nothing can be asked of them. */
      const passive: Readonly<Record<string, string>> = {
        'AWS::CloudWatch::Alarm': 'cloudwatch:DescribeAlarms',
        'AWS::CloudWatch::Dashboard': 'cloudwatch:GetDashboard',
      };
      const ssm = new SSMClient(settings);
      const lambda = new LambdaClient(settings);

      try {
        for (const type of names.types.filter((one: string) => !(one in passive))) {
          const had = Object.values(template.Resources)
            .map(({ Type, Properties }) =>
              Type === type ? Properties?.[namePropertyOf(type) ?? ''] : undefined,
            )
            .filter((name) => typeof name === 'string');
          expect([type, await names.findTaken(type, had.length > 0 ? had : ['cordon-dev-none'])]).toEqual([
            type,
            had,
          ]);
        }
        expect(await names.listOwn('cordon-dev')).toContainEqual({
          type: 'AWS::IoT::ThingGroup',
          physicalId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          properties: expect.objectContaining({ ThingGroupName: 'cordon-quarantine' }),
        });
        await groups.readGroup('cordon-quarantine');
        await groups.hasMembers('cordon-quarantine');
        expect(
          await groups.listPolicies(`${await groups.readArnPrefix()}:thinggroup/cordon-quarantine`),
        ).toEqual(['cordon-dev-quarantine']);
        expect(await groups.readPolicy('cordon-dev-quarantine')).toContain('"Deny"');
        expect(await groups.listTargets('cordon-dev-quarantine')).toEqual([
          `${await groups.readArnPrefix()}:thinggroup/cordon-quarantine`,
        ]);
        const stored = ssm.send(new GetParameterCommand({ Name: '/cordon-dev/none' }));
        await expect(stored).rejects.toMatchObject({ name: 'ParameterNotFound' });
        await lambda.send(new GetFunctionCommand({ FunctionName: 'cordon-dev-respond' }));

        // Nor has it billing groups.
        const unasked = [...Object.values(passive), 'iot:DescribeBillingGroup'];
        expect([...deployer.used(), ...unasked].toSorted()).toEqual(deployer.granted);
        expect(refusals()).toEqual([]);
      } finally {
        names.close();
        ssm.destroy();
        lambda.destroy();
      }
    }, 180_000);

    it('permit a reader to change nothing', async () => {
      await e2e.enroll('untouched');

      const { code, err } = await readerCli.run('contain', 'untouched');

      expect(code).toBe(3);
      expect(err).toMatch(/not authorized to perform: sqs:GetQueueUrl/);
      expect(await e2e.loadCase('untouched')).toBeUndefined();
    }, 180_000);
  });
}
