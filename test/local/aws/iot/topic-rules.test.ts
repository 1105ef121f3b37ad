import {
  CreateTopicRuleCommand,
  DeleteTopicRuleCommand,
  DisableTopicRuleCommand,
  EnableTopicRuleCommand,
  GetTopicRuleCommand,
  ListTopicRulesCommand,
} from '@aws-sdk/client-iot';
import { errorOf, now, prefix } from './builders';
import { registry, send, useControlPlane } from './plane';

useControlPlane();

describe('topic rules', () => {
  const sql = "SELECT encode(*, 'base64') AS report FROM 'cordon/things/+/reports/json'";
  const topicRulePayload = {
    sql,
    awsIotSqlVersion: '2016-03-23',
    actions: [{ sqs: { queueUrl: 'http://127.0.0.1/queue', roleArn: 'arn:aws:iam::123456789012:role/r' } }],
  };

  it('are stored completely and listed with their topic', async () => {
    await send(new CreateTopicRuleCommand({ ruleName: 'reports', topicRulePayload }));

    expect(await send(new GetTopicRuleCommand({ ruleName: 'reports' }))).toMatchObject({
      ruleArn: `${prefix}rule/reports`,
      rule: { ruleName: 'reports', ...topicRulePayload, ruleDisabled: false, createdAt: new Date(now) },
    });
    expect((await send(new ListTopicRulesCommand({}))).rules).toMatchObject([
      { ruleName: 'reports', topicPattern: 'cordon/things/+/reports/json', ruleDisabled: false },
    ]);
    expect(registry.topicRules()).toHaveLength(1);
  });

  it('are gone once deleted', async () => {
    await send(new CreateTopicRuleCommand({ ruleName: 'reports', topicRulePayload }));

    await send(new DeleteTopicRuleCommand({ ruleName: 'reports' }));

    expect((await send(new ListTopicRulesCommand({}))).rules).toEqual([]);
  });

  it('can be disabled and enabled', async () => {
    await send(new CreateTopicRuleCommand({ ruleName: 'reports', topicRulePayload }));
    const listOff = async () => (await send(new ListTopicRulesCommand({ ruleDisabled: true }))).rules?.length;

    await send(new DisableTopicRuleCommand({ ruleName: 'reports' }));
    const off = await listOff();
    await send(new EnableTopicRuleCommand({ ruleName: 'reports' }));

    expect([off, await listOff()]).toEqual([1, 0]);
  });

  it('are refused without SQL, and a missing rule answers like a forbidden one, as on AWS', async () => {
    const bad = new CreateTopicRuleCommand({
      ruleName: 'bad',
      topicRulePayload: { sql: 'DROP x', actions: [] },
    });

    expect(await errorOf(send(bad))).toBe('400 SqlParseException');
    expect(await errorOf(send(new GetTopicRuleCommand({ ruleName: 'none' })))).toBe(
      '401 UnauthorizedException',
    );
  });
});
