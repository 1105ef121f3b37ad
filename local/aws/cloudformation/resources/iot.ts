import {
  AttachPolicyCommand,
  AttachSecurityProfileCommand,
  CreateCustomMetricCommand,
  CreateMitigationActionCommand,
  CreatePolicyCommand,
  CreateSecurityProfileCommand,
  type CreateSecurityProfileCommandInput,
  CreateThingGroupCommand,
  CreateTopicRuleCommand,
  type MitigationActionParams,
  type TopicRulePayload,
} from '@aws-sdk/client-iot';
import * as z from 'zod';
import { requireTrust } from './iam';
import { flag, json, number, text, toJson, withoutEffect } from './properties';
import { defineResource, type ResourceType } from './resource-type';

const ruleAction = z.union(
  [
    z.strictObject({ Sqs: z.strictObject({ QueueUrl: text, RoleArn: text, UseBase64: flag.optional() }) }),
    z.strictObject({
      Sns: z.strictObject({
        TargetArn: text,
        RoleArn: text,
        MessageFormat: z.enum(['RAW', 'JSON']).optional(),
      }),
    }),
    z.strictObject({ Republish: z.strictObject({ Topic: text, RoleArn: text, Qos: number.optional() }) }),
  ],
  'only the actions Sqs, Sns and Republish with their plain properties are emulated locally',
);

const topicRule = defineResource({
  properties: z.strictObject({
    RuleName: text.optional(),
    TopicRulePayload: z.strictObject({
      Sql: text,
      Actions: z.array(ruleAction),
      ErrorAction: ruleAction.optional(),
      AwsIotSqlVersion: text.optional(),
      Description: text.optional(),
      RuleDisabled: flag.optional(),
    }),
    Tags: withoutEffect,
  }),
  attributes: ['Arn'],
  create: async ({ RuleName, TopicRulePayload }, context) => {
    const { partition, region, accountId } = context.identity;
    // Rule names take no hyphen (iot/latest/apireference/API_CreateTopicRule.html).
    const ruleName = RuleName ?? context.generateName().replaceAll('-', '_');
    const topicRulePayload = lowerKeys(TopicRulePayload) as TopicRulePayload;
    const { Actions, ErrorAction } = TopicRulePayload;
    for (const action of ErrorAction ? [...Actions, ErrorAction] : Actions) {
      for (const { RoleArn } of Object.values(action)) requireTrust(RoleArn, 'iot.amazonaws.com', context);
    }
    await context.clients.iot.send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }));
    const Arn = `arn:${partition}:iot:${region}:${accountId}:rule/${ruleName}`;
    return { physicalId: ruleName, attributes: { Arn } };
  },
});

const thingGroup = defineResource({
  properties: z.strictObject({
    ThingGroupName: text.optional(),
    ParentGroupName: text.optional(),
    ThingGroupProperties: z
      .strictObject({
        ThingGroupDescription: text.optional(),
        AttributePayload: z.strictObject({ Attributes: z.record(z.string(), text).optional() }).optional(),
      })
      .optional(),
    Tags: withoutEffect,
  }),
  attributes: ['Arn', 'Id'],
  create: async ({ ThingGroupName, ParentGroupName, ThingGroupProperties }, context) => {
    const thingGroupName = ThingGroupName ?? context.generateName();
    const attributes = ThingGroupProperties?.AttributePayload?.Attributes;
    const created = await context.clients.iot.send(
      new CreateThingGroupCommand({
        thingGroupName,
        parentGroupName: ParentGroupName,
        thingGroupProperties: {
          thingGroupDescription: ThingGroupProperties?.ThingGroupDescription,
          attributePayload: attributes && { attributes },
        },
      }),
    );
    const { thingGroupArn = '', thingGroupId = '' } = created;
    return { physicalId: thingGroupName, attributes: { Arn: thingGroupArn, Id: thingGroupId } };
  },
});

const policy = defineResource({
  properties: z.strictObject({ PolicyName: text.optional(), PolicyDocument: json, Tags: withoutEffect }),
  attributes: ['Arn', 'Id'],
  create: async ({ PolicyName, PolicyDocument }, { clients, generateName }) => {
    const policyName = PolicyName ?? generateName();
    const policyDocument = toJson(PolicyDocument);
    const { policyArn = '' } = await clients.iot.send(
      new CreatePolicyCommand({ policyName, policyDocument }),
    );
    return { physicalId: policyName, attributes: { Arn: policyArn, Id: policyName } };
  },
});

const policyPrincipalAttachment = defineResource({
  properties: z.strictObject({ PolicyName: text, Principal: text }),
  attributes: [],
  create: async ({ PolicyName, Principal }, { clients, generateName, logicalId }) => {
    // CloudFormation refuses a thing group here, although AttachPolicy takes one (aws-cdk issue 26166).
    if (!/:cert\/[0-9a-f]{64}$/.test(Principal)) {
      throw new Error(`${logicalId}: The given ARN does not represent a cert: ${Principal}`);
    }
    await clients.iot.send(new AttachPolicyCommand({ policyName: PolicyName, target: Principal }));
    return { physicalId: generateName(), attributes: {} };
  },
});

const customMetric = defineResource({
  properties: z.strictObject({
    MetricName: text.optional(),
    MetricType: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']),
    DisplayName: text.optional(),
    Tags: withoutEffect,
  }),
  attributes: ['MetricArn'],
  create: async ({ MetricName, MetricType, DisplayName }, { clients, generateName }) => {
    const metricName = MetricName ?? generateName();
    const command = new CreateCustomMetricCommand({
      metricName,
      metricType: MetricType,
      displayName: DisplayName,
      clientRequestToken: crypto.randomUUID(),
    });
    const { metricArn = '' } = await clients.iot.send(command);
    return { physicalId: metricName, attributes: { MetricArn: metricArn } };
  },
});

const dimension = z.strictObject({ DimensionName: text, Operator: z.enum(['IN', 'NOT_IN']).optional() });
const criteria = z.strictObject({
  ComparisonOperator: text.optional(),
  Value: z
    .strictObject({
      // A text in CloudFormation, a number in the API.
      Count: number.optional(),
      Cidrs: z.array(text).optional(),
      Ports: z.array(number).optional(),
      Number: number.optional(),
      Numbers: z.array(number).optional(),
      Strings: z.array(text).optional(),
    })
    .optional(),
  DurationSeconds: number.optional(),
  ConsecutiveDatapointsToAlarm: number.optional(),
  ConsecutiveDatapointsToClear: number.optional(),
  StatisticalThreshold: z.strictObject({ Statistic: text }).optional(),
  MlDetectionConfig: z.strictObject({ ConfidenceLevel: text }).optional(),
});
const behavior = z.strictObject({
  Name: text,
  Metric: text.optional(),
  MetricDimension: dimension.optional(),
  Criteria: criteria.optional(),
  SuppressAlerts: flag.optional(),
  ExportMetric: flag.optional(),
});
const metricToRetain = z.strictObject({
  Metric: text,
  MetricDimension: dimension.optional(),
  ExportMetric: flag.optional(),
});

const securityProfile = defineResource({
  properties: z.strictObject({
    SecurityProfileName: text.optional(),
    SecurityProfileDescription: text.optional(),
    Behaviors: z.array(behavior).optional(),
    AlertTargets: z.strictObject({ SNS: z.strictObject({ AlertTargetArn: text, RoleArn: text }) }).optional(),
    AdditionalMetricsToRetainV2: z.array(metricToRetain).optional(),
    MetricsExportConfig: z.strictObject({ MqttTopic: text, RoleArn: text }).optional(),
    TargetArns: z.array(text).optional(),
    Tags: withoutEffect,
  }),
  attributes: ['SecurityProfileArn'],
  create: async ({ SecurityProfileName, AlertTargets, TargetArns, Tags: _, ...rest }, context) => {
    const securityProfileName = SecurityProfileName ?? context.generateName();
    const { iot } = context.clients;
    const input = {
      securityProfileName,
      ...(lowerKeys(rest) as Omit<CreateSecurityProfileCommandInput, 'securityProfileName'>),
      alertTargets: AlertTargets && {
        SNS: { alertTargetArn: AlertTargets.SNS.AlertTargetArn, roleArn: AlertTargets.SNS.RoleArn },
      },
    };
    if (AlertTargets) requireTrust(AlertTargets.SNS.RoleArn, 'iot.amazonaws.com', context);
    const { securityProfileArn = '' } = await iot.send(new CreateSecurityProfileCommand(input));
    for (const securityProfileTargetArn of TargetArns ?? []) {
      await iot.send(new AttachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
    }
    return { physicalId: securityProfileName, attributes: { SecurityProfileArn: securityProfileArn } };
  },
});

const mitigationAction = defineResource({
  properties: z.strictObject({
    ActionName: text.optional(),
    RoleArn: text,
    // The one kind that a task of Detect may run (docs/facts.md#mitigation-tasks); the others are Audit's.
    ActionParams: z.strictObject({
      AddThingsToThingGroupParams: z.strictObject({
        ThingGroupNames: z.array(text),
        OverrideDynamicGroups: flag.optional(),
      }),
    }),
    Tags: withoutEffect,
  }),
  attributes: ['MitigationActionArn', 'MitigationActionId'],
  create: async ({ ActionName, RoleArn, ActionParams }, context) => {
    requireTrust(RoleArn, 'iot.amazonaws.com', context);
    const actionName = ActionName ?? context.generateName();
    const { actionArn = '', actionId = '' } = await context.clients.iot.send(
      new CreateMitigationActionCommand({
        actionName,
        roleArn: RoleArn,
        actionParams: lowerKeys(ActionParams) as MitigationActionParams,
      }),
    );
    return {
      physicalId: actionName,
      attributes: { MitigationActionArn: actionArn, MitigationActionId: actionId },
    };
  },
});

/** CloudFormation's `AwsIotSqlVersion` is the API's `awsIotSqlVersion`, and so with every key at any depth. */
function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key.charAt(0).toLowerCase() + key.slice(1),
    lowerKeys(item),
  ]);
  return Object.fromEntries(entries);
}

export const iotTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::IoT::TopicRule': topicRule,
  'AWS::IoT::ThingGroup': thingGroup,
  'AWS::IoT::Policy': policy,
  'AWS::IoT::PolicyPrincipalAttachment': policyPrincipalAttachment,
  'AWS::IoT::CustomMetric': customMetric,
  'AWS::IoT::SecurityProfile': securityProfile,
  'AWS::IoT::MitigationAction': mitigationAction,
};
