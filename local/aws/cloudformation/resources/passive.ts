import * as z from 'zod';
import { json, number, tagList, text, toJson, withoutEffect } from './properties';
import { defineResource, type ResourceType } from './resource-type';

// Resources that have only a name and settings here: the local stack writes no logs to them, raises no alarms and
// stores nothing.

const logGroup = defineResource({
  properties: z.strictObject({
    LogGroupName: text.optional(),
    RetentionInDays: number.optional(),
    KmsKeyId: text.optional(),
    LogGroupClass: withoutEffect,
    Tags: tagList,
  }),
  attributes: ['Arn'],
  create: ({ LogGroupName, KmsKeyId, RetentionInDays }, { identity, generateName, hooks }) => {
    // CloudWatch Logs API reference, AssociateKmsKey; it takes no alias and no key of another region.
    if (
      KmsKeyId !== undefined &&
      !new RegExp(`^arn:[\\w-]+:kms:${identity.region}:\\d{12}:key/`).test(KmsKeyId)
    )
      throw new Error(`The specified KMS key does not exist or is not allowed to be used: ${KmsKeyId}`);
    const name = LogGroupName ?? generateName();
    const arn = `arn:${identity.partition}:logs:${identity.region}:${identity.accountId}:log-group:${name}:*`;
    hooks.describe('log-groups', name, {
      logGroupName: name,
      arn,
      ...(RetentionInDays !== undefined && { retentionInDays: RetentionInDays }),
      ...(KmsKeyId !== undefined && { kmsKeyId: KmsKeyId }),
    });
    return { physicalId: name, attributes: { Arn: arn } };
  },
});

const alarm = defineResource({
  properties: z.strictObject({
    AlarmName: text.optional(),
    AlarmDescription: withoutEffect,
    AlarmActions: withoutEffect,
    OKActions: withoutEffect,
    InsufficientDataActions: withoutEffect,
    ActionsEnabled: withoutEffect,
    ComparisonOperator: withoutEffect,
    DatapointsToAlarm: withoutEffect,
    Dimensions: withoutEffect,
    EvaluationPeriods: withoutEffect,
    ExtendedStatistic: withoutEffect,
    MetricName: withoutEffect,
    Metrics: withoutEffect,
    Namespace: withoutEffect,
    Period: withoutEffect,
    Statistic: withoutEffect,
    Threshold: withoutEffect,
    TreatMissingData: withoutEffect,
    Unit: withoutEffect,
    Tags: tagList,
  }),
  attributes: ['Arn'],
  create: ({ AlarmName }, { identity, generateName }) => {
    const name = AlarmName ?? generateName();
    const arn = `arn:${identity.partition}:cloudwatch:${identity.region}:${identity.accountId}:alarm:${name}`;
    return { physicalId: name, attributes: { Arn: arn } };
  },
});

const dashboard = defineResource({
  properties: z.strictObject({ DashboardName: text.optional(), DashboardBody: withoutEffect }),
  attributes: [],
  create: ({ DashboardName }, { generateName }) => ({
    physicalId: DashboardName ?? generateName(),
    attributes: {},
  }),
});

/** A new bucket of S3 is encrypted, and closed to the public (S3 user guide, "Default settings"). */
const newBucket = {
  encryption: 'AES256',
  publicAccessBlock: ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'],
};

/** The deployment bucket: packages are read from the disk here. */
const bucket = defineResource({
  properties: z.strictObject({
    BucketName: text.optional(),
    BucketEncryption: withoutEffect,
    LifecycleConfiguration: withoutEffect,
    OwnershipControls: withoutEffect,
    PublicAccessBlockConfiguration: withoutEffect,
    VersioningConfiguration: withoutEffect,
    Tags: tagList,
  }),
  attributes: ['Arn', 'DomainName', 'RegionalDomainName'],
  create: ({ BucketName }, { identity, generateName, hooks }) => {
    const name = BucketName ?? generateName().toLowerCase();
    hooks.describe('buckets', name, newBucket);
    const attributes = {
      Arn: `arn:${identity.partition}:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${identity.region}.amazonaws.com`,
    };
    return { physicalId: name, attributes };
  },
});

const bucketPolicy = defineResource({
  properties: z.strictObject({ Bucket: text, PolicyDocument: json }),
  attributes: [],
  create: ({ Bucket, PolicyDocument }, { hooks }) => {
    hooks.describe('buckets', Bucket, { ...newBucket, policy: toJson(PolicyDocument) });
    return { physicalId: Bucket, attributes: {} };
  },
});

export const passiveTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Logs::LogGroup': logGroup,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::Dashboard': dashboard,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
};
