import {
  nameQuarantinePolicy,
  quarantineDescription,
  writeQuarantinePolicy,
} from '../../shared/config/quarantine-policy';
import type { Configuration } from '../../shared/domain/configuration';
import { needsLifecycle } from '../../shared/domain/detection/judge-lifecycle';
import { allow, arn, arnOf, inlinePolicy, type Resources, ref, trust, type Value } from './cloudformation';
import { writeDeviceDefender } from './device-defender';
import { allowKey } from './encryption';

export function writeIot(prefix: string, configuration: Configuration): Resources {
  return {
    ...writeQuarantine(prefix, configuration.quarantine),
    ...writeRules(prefix, needsLifecycle(Object.entries(configuration.securityProfiles))),
    ...(configuration.detector === 'cordon' ? {} : writeDeviceDefender(prefix, configuration)),
  };
}

function writeQuarantine(
  prefix: string,
  { thingGroup, adopt, policy, keepTopics }: Configuration['quarantine'],
): Resources {
  const mark = 'ARN_PREFIX';
  const isPolicyAdopted = policy !== undefined;
  const properties = {
    ServiceToken: arnOf('ProvisionLambdaFunction'),
    // Both by name: stand-ins for CloudFormation support no thing groups, and no Ref of a policy.
    PolicyName: nameQuarantinePolicy(prefix, { policy }),
    ThingGroupArn: arn('iot', `thinggroup/${thingGroup}`),
    ...(isPolicyAdopted && { IsPolicyAdopted: 'true' }),
  };
  return {
    ...(!adopt && { QuarantineGroup: writeGroup(thingGroup) }),
    QuarantineAttachment: {
      Type: 'Custom::QuarantineAttachment',
      DependsOn: [...(adopt ? [] : ['QuarantineGroup']), ...(isPolicyAdopted ? [] : ['QuarantineRemoval'])],
      Properties: properties,
    },
    ...(!isPolicyAdopted && {
      QuarantinePolicy: {
        Type: 'AWS::IoT::Policy',
        Properties: {
          PolicyName: properties.PolicyName,
          PolicyDocument: withArns(writeQuarantinePolicy(keepTopics, mark), mark),
        },
      },
      // Deleted between the two: it detaches the policy from everything, and waits until AWS IoT can delete it.
      QuarantineRemoval: {
        Type: 'Custom::QuarantineRemoval',
        DependsOn: ['QuarantinePolicy'],
        Properties: properties,
      },
    }),
    // It depends on every other resource (infra/deploy/add-deletion-guard.ts), so it is deleted first.
    DeletionGuard: { Type: 'Custom::DeletionGuard', Properties: properties },
  };
}

function writeGroup(ThingGroupName: string): Resources[string] {
  return {
    Type: 'AWS::IoT::ThingGroup',
    // A new name in cordon.yml creates a new group. Things in the old one stay denied until they are released.
    UpdateReplacePolicy: 'Retain',
    DeletionPolicy: 'Delete',
    Properties: {
      ThingGroupName,
      ThingGroupProperties: { ThingGroupDescription: quarantineDescription },
    },
  };
}

/**
 * Writes each `MARK:rest` as a join with the stack's own ARN prefix. `${` is split, because osls would take an IoT
 * policy variable for one of its own.
 */
function withArns(value: unknown, mark: string): Value {
  if (typeof value === 'string') {
    if (!value.startsWith(`${mark}:`)) return value;
    return arn('iot', ...value.slice(mark.length + 1).split(/(?<=\$)(?=\{)/));
  }
  if (Array.isArray(value)) return value.map((item) => withArns(item, mark));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withArns(item, mark)]));
  return value as Value;
}

/** What the rule sends to detect for each report. base64 carries JSON and CBOR alike. */
const reportsSql = [
  "SELECT encode(*, 'base64') AS payload, topic(3) AS thingName, topic(5) AS format,",
  'clientid() AS clientId, principal() AS principal, timestamp() AS receivedAt',
  "FROM 'cordon/things/+/reports/+'",
].join(' ');

function writeRules(prefix: string, withLifecycle: boolean): Resources {
  return {
    ReportsRule: writeRule(nameRule(`${prefix}-reports`), reportsSql, 'Reports'),
    PresenceRule: {
      ...writeRule(
        hideName(`${prefix}-presence`),
        "SELECT * FROM '$aws/events/presence/connected/#'",
        'Presence',
        {
          base64: true,
        },
      ),
      // An update replaces the function first, because that of an earlier release rejects base64.
      DependsOn: ['IntakeLambdaFunction'],
    },
    // Only if a behavior depends on it, because it adds a message for each connect of the fleet.
    ...(withLifecycle && {
      LifecycleRule: writeRule(
        hideName(`${prefix}-lifecycle`),
        "SELECT * FROM '$aws/events/presence/+/#'",
        'Reports',
      ),
    }),
    RulesRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('iot.amazonaws.com', arn('iot', 'rule/*')),
        Policies: inlinePolicy('send', [
          allow('sqs:SendMessage', [
            arnOf('ReportsQueue'),
            arnOf('ReportsDeadQueue'),
            arnOf('PresenceQueue'),
            arnOf('PresenceDeadQueue'),
          ]),
          allowKey(),
        ]),
      },
    },
  };
}

/**
 * A device whose policy allows everything may publish to a rule by the rule's name (Basic Ingest, docs/facts.md#reports), and so
 * perhaps as AWS IoT itself. So the names of the rules of lifecycle events have parts of the stack's id, which devices don't know.
 */
function hideName(name: string): Value {
  const uuid = { 'Fn::Select': [2, { 'Fn::Split': ['/', ref('AWS::StackId')] }] };
  const part = (index: number) => ({ 'Fn::Select': [index, { 'Fn::Split': ['-', uuid] }] });
  return { 'Fn::Join': ['_', [nameRule(name), part(0), part(4)]] };
}

/** Rule names take letters, digits and underscores only. */
function nameRule(name: string): string {
  return name.replaceAll('-', '_');
}

/** `base64` carries text that SQS refuses: a client id may contain U+FFFF. */
function writeRule(
  RuleName: Value,
  sql: string,
  queueId: string,
  { base64 = false }: { readonly base64?: boolean } = {},
): Resources[string] {
  const send = (id: string, UseBase64: boolean) => ({
    Sqs: { QueueUrl: ref(id), RoleArn: arnOf('RulesRole'), UseBase64 },
  });
  return {
    Type: 'AWS::IoT::TopicRule',
    Properties: {
      RuleName,
      TopicRulePayload: {
        Sql: sql,
        AwsIotSqlVersion: '2016-03-23',
        Actions: [send(`${queueId}Queue`, base64)],
        ErrorAction: send(`${queueId}DeadQueue`, false),
        RuleDisabled: false,
      },
    },
  };
}
