import { equals, iff, not, noValue, ref } from './cloudformation';
import type { Tags } from './tags';

/** The demands of an account's rules on every role and log group. By default, there are none. */
export const accountParameters = {
  PermissionsBoundary: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(arn:aws[a-z-]*:iam::(\\d{12}|aws):policy/[A-Za-z0-9_+=,.@/-]+)?',
    Description: 'ARN of the policy that bounds the rights of every role; empty: none',
  },
  RolePath: {
    Type: 'String',
    Default: '/',
    AllowedPattern: '/([A-Za-z0-9_+=,.@-]+/)*',
    MaxLength: 512,
    Description: 'Path of every role, such as /cordon/',
  },
  LogKmsKeyArn: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:key/[a-zA-Z0-9-]+)?',
    Description: 'Your own key for the log groups; empty: keys of AWS',
  },
};

export const accountConditions = {
  HasPermissionsBoundary: not(equals(ref('PermissionsBoundary'), '')),
  HasLogKmsKey: not(equals(ref('LogKmsKeyArn'), '')),
};

const ofEvery: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'AWS::IAM::Role': {
    Path: ref('RolePath'),
    PermissionsBoundary: iff('HasPermissionsBoundary', ref('PermissionsBoundary'), noValue),
  },
  'AWS::Logs::LogGroup': { KmsKeyId: iff('HasLogKmsKey', ref('LogKmsKeyArn'), noValue) },
};

/**
 * Types that carry tags (`tagging` in the schemas of CloudFormation's registry). CloudFormation also gives the tags of the
 * stack to what it can tag, such as a dashboard, which not every region's can.
 */
const tagged = {
  asList: [
    'AWS::CloudWatch::Alarm',
    'AWS::DynamoDB::Table',
    'AWS::Events::Rule',
    'AWS::IAM::Role',
    'AWS::IoT::CustomMetric',
    'AWS::IoT::MitigationAction',
    'AWS::IoT::Policy',
    'AWS::IoT::SecurityProfile',
    'AWS::IoT::ThingGroup',
    'AWS::IoT::TopicRule',
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Function',
    'AWS::Logs::LogGroup',
    'AWS::S3::Bucket',
    'AWS::SNS::Topic',
    'AWS::SQS::Queue',
  ],
  asMap: ['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage'],
};

interface Governed {
  readonly Type: string;
  Properties?: Record<string, unknown>;
}

/** Gives every resource of the template what the rules of the account demand. */
export function applyAccountRules(resources: Readonly<Record<string, Governed>>, tags: Tags): void {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  for (const resource of Object.values(resources)) {
    const { Type, Properties } = resource;
    const more = {
      ...ofEvery[Type],
      ...(tagged.asList.includes(Type) && { Tags: list }),
      ...(tagged.asMap.includes(Type) && { Tags: tags }),
    };
    if (Object.keys(more).length > 0) resource.Properties = { ...Properties, ...more };
  }
}
