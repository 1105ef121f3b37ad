import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreateThingGroupCommand,
  CreateTopicRuleCommand,
  type TopicRulePayload,
} from '@aws-sdk/client-iot';
import * as z from 'zod';
import { requireTrust } from './iam';
import { lowerKeys } from './lower-keys';
import { flag, json, number, tagList, text, toJson } from './properties';
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
    Tags: tagList,
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
    Tags: tagList,
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
    // Its `Ref` is the id, unlike that of most types (TemplateReference/aws-resource-iot-thinggroup.html).
    return { physicalId: thingGroupId, attributes: { Arn: thingGroupArn, Id: thingGroupId } };
  },
});

const policy = defineResource({
  properties: z.strictObject({ PolicyName: text.optional(), PolicyDocument: json, Tags: tagList }),
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

export const iotTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::IoT::TopicRule': topicRule,
  'AWS::IoT::ThingGroup': thingGroup,
  'AWS::IoT::Policy': policy,
  'AWS::IoT::PolicyPrincipalAttachment': policyPrincipalAttachment,
};
