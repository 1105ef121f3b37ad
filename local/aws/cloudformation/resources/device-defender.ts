import {
  AttachSecurityProfileCommand,
  CreateCustomMetricCommand,
  CreateMitigationActionCommand,
  CreateSecurityProfileCommand,
  type CreateSecurityProfileCommandInput,
  type MitigationActionParams,
} from '@aws-sdk/client-iot';
import * as z from 'zod';
import { requireTrust } from './iam';
import { lowerKeys } from './lower-keys';
import { flag, number, tagList, text } from './properties';
import { defineResource, type ResourceType } from './resource-type';

const customMetric = defineResource({
  properties: z.strictObject({
    MetricName: text.optional(),
    MetricType: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']),
    DisplayName: text.optional(),
    Tags: tagList,
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
    Tags: tagList,
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
    // The only kind that a task of Detect may run (docs/facts.md#mitigation-tasks); the others are for Audit.
    ActionParams: z.strictObject({
      AddThingsToThingGroupParams: z.strictObject({
        ThingGroupNames: z.array(text),
        OverrideDynamicGroups: flag.optional(),
      }),
    }),
    Tags: tagList,
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

export const deviceDefenderTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::IoT::CustomMetric': customMetric,
  'AWS::IoT::SecurityProfile': securityProfile,
  'AWS::IoT::MitigationAction': mitigationAction,
};
