import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Account, findCollisions, namedTypes } from '../../../infra/deploy/collisions';
import { writeResources } from '../../../infra/template/write-resources';
import { namePropertyOf } from '../../../local/aws/cloudformation/limits';
import { template as packaged, root } from '../template/template';

const { openNames } = createRequire(import.meta.url)('../../../infra/deploy/account-names.cjs');

const small = {
  Resources: {
    Alerts: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'cordon-dev-alerts' } },
    Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'alerts' } },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'cordon-dev-alarms' } },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'cordon-dev' } },
    Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 365 } },
  },
};

const own = (type: string, physicalId: string, properties = {}) => ({ type, physicalId, properties });

const account = (listOwn: Account['listOwn'], taken: readonly string[] = []) => {
  const asked: string[] = [];
  const warnings: string[] = [];
  return {
    asked,
    warnings,
    listOwn,
    async findTaken(type: string, names: readonly string[]) {
      asked.push(...names);
      if (taken.includes(type)) throw new Error('not allowed');
      return names.filter((name) => taken.includes(name));
    },
    warn: (text: string) => warnings.push(text),
  };
};

describe('names outside the stack', () => {
  it('are those of the template that no resource of the stack has, by type', async () => {
    const seen = account(
      async () => [
        own('AWS::SQS::Queue', 'https://sqs.us-east-1.amazonaws.com/123456789012/cordon-dev-alerts'),
        own('AWS::SNS::Topic', 'arn:aws:sns:us-east-1:123456789012:cordon-dev-alarms'),
        own('AWS::SNS::Topic', 'cordon-dev'),
      ],
      ['alerts', 'cordon-dev', 'cordon-dev-alerts'],
    );

    expect(await findCollisions(small, false, seen)).toEqual([
      'table cordon-dev: to continue with the cases of an earlier stack, deploy with --param="table=adopt"; to start without them, delete the table (docs/removing.md)',
      'queue alerts: if an earlier stack left it over, delete it; otherwise deploy another stage',
    ]);
    expect(seen.asked).toEqual(['cordon-dev', 'alerts']);
  });

  it.each([
    ['is another id', '0b1c2d3e-0000-4000-8000-000000000000'],
    ['is not told', ''],
  ])('do not count those of the deployed template, whose physical id %s', async (_, physicalId) => {
    const seen = account(
      async () => [
        own('AWS::SQS::Queue', physicalId, { QueueName: 'cordon-dev-alerts' }),
        own('AWS::SNS::Topic', physicalId, { QueueName: 'cordon-dev-alarms' }),
        own('AWS::SQS::Queue', physicalId, { QueueName: 'alerts-before' }),
      ],
      ['alerts', 'cordon-dev-alerts', 'cordon-dev-alarms'],
    );

    expect(await findCollisions(small, false, seen)).toEqual([
      'topic cordon-dev-alarms: if an earlier stack left it over, delete it; otherwise deploy another stage',
      'queue alerts: if an earlier stack left it over, delete it; otherwise deploy another stage',
    ]);
  });

  it('do not count the table that the deploy adopts', async () => {
    const seen = account(async () => [], ['cordon-dev']);

    expect(await findCollisions(small, true, seen)).toEqual([]);
    expect(seen.asked).not.toContain('cordon-dev');
  });

  it('are passed over with a warning if they can not be read, and the others are found', async () => {
    const seen = account(async () => [], ['AWS::SQS::Queue', 'cordon-dev-alarms']);

    expect(await findCollisions(small, false, seen)).toEqual([
      'topic cordon-dev-alarms: if an earlier stack left it over, delete it; otherwise deploy another stage',
    ]);
    expect(seen.warnings).toEqual([
      'could not check whether the account already has a queue of the same name (2 new): Error: not allowed (docs/iam/deploy-checks.json has the rights)',
    ]);
  });

  it('are not guessed if the stack itself can not be read: all would seem to be others', async () => {
    const seen = account(async () => {
      throw new Error('not allowed');
    }, ['cordon-dev']);

    expect(await findCollisions(small, false, seen)).toEqual([]);
    expect(seen.warnings).toEqual([
      expect.stringContaining(
        'could not list what the stack has, so nothing looked for names that the account has outside it: Error: not allowed',
      ),
    ]);
  });

  it('are looked for of every type that has a fixed name in a template', () => {
    const everything = writeResources(
      'dev',
      { detector: 'both' },
      join(root, 'test', 'infra', 'template', 'everything.yml'),
    );
    const resources = [...Object.values(packaged.Resources), ...Object.values(everything.Resources)];
    const types = resources.flatMap(({ Type, Properties }) =>
      typeof Properties?.[namePropertyOf(Type) ?? ''] === 'string' ? [Type] : [],
    );

    // Two HTTP APIs may have the same name.
    expect(namedTypes).toEqual(
      [...new Set(types)].filter((type) => type !== 'AWS::ApiGatewayV2::Api').toSorted(),
    );
    expect(openNames({}, async () => '').types.toSorted()).toEqual(namedTypes);
  });
});
