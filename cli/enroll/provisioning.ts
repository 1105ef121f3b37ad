import { readFileSync } from 'node:fs';
import type { Configuration } from '../../shared/domain/configuration';
import { serializePolicy, writeDevicePolicy } from './device-policy';

/** Where the template will be deployed, in CloudFormation's own words. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: pseudo parameters of CloudFormation, and parameters of ours.
const here = 'arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}';
const logGroups = 'arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group';
const awsPolicies = 'arn:${AWS::Partition}:iam::aws:policy/service-role';
const namePrefix = '${ThingNamePrefix}';
const claimClient = '${AWS::StackName}-claim-';
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the parameters.

/**
 * A CloudFormation template of fleet provisioning by claim: each device makes its key, and with a certificate that all
 * of a production lot share asks for one of its own. The hook refuses names that are taken, since a claim must never
 * become another device (AWS IoT attaches the new certificate to a thing that is there).
 */
export function writeProvisioningStack(
  stage: string,
  detector: Configuration['detector'],
  topics: readonly string[],
): Readonly<Record<string, unknown>> {
  const devicePolicy = writeDevicePolicy(here, detector, topics);
  // For its check of the length; the variables of CloudFormation are about as long as what they become.
  serializePolicy(devicePolicy);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Fleet provisioning for things of Cordon, stage ${stage}`,
    Parameters: {
      ThingNamePrefix: {
        Type: 'String',
        AllowedPattern: '[a-zA-Z0-9_-]{1,64}',
        Description: 'First part of the names of these things; the serial number follows',
      },
      Enabled: {
        Type: 'String',
        Default: 'true',
        AllowedValues: ['true', 'false'],
        Description: 'false while no lot is in production: claim certificates then have no effect',
      },
      ...accountParameters,
    },
    Conditions: accountConditions,
    Resources: {
      DevicePolicy: policy(`cordon-${stage}-provisioned`, devicePolicy),
      ClaimPolicy: policy(`cordon-${stage}-claim`, writeClaimPolicy(`cordon-${stage}`)),
      ProvisioningRole: role('iot.amazonaws.com', {
        // AWS keeps what fleet provisioning needs in this policy of its own.
        ManagedPolicyArns: [fill(`${awsPolicies}/AWSIoTThingsRegistration`)],
      }),
      ProvisioningTemplate: {
        Type: 'AWS::IoT::ProvisioningTemplate',
        DependsOn: ['DevicePolicy', 'HookPermission'],
        Properties: {
          TemplateName: `cordon-${stage}`,
          Enabled: { Ref: 'Enabled' },
          ProvisioningRoleArn: { 'Fn::GetAtt': ['ProvisioningRole', 'Arn'] },
          PreProvisioningHook: { TargetArn: { 'Fn::GetAtt': ['Hook', 'Arn'] }, PayloadVersion: '2020-04-01' },
          TemplateBody: fill(JSON.stringify(writeTemplateBody(`cordon-${stage}-provisioned`))),
        },
      },
      ...writeHook(stage),
    },
    Outputs: {
      ClaimPolicyName: { Value: { Ref: 'ClaimPolicy' } },
      TemplateName: { Value: { Ref: 'ProvisioningTemplate' } },
    },
  };
}

/** The result of a provisioning request. It never changes the settings of an existing thing. */
function writeTemplateBody(policyName: string) {
  return {
    Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['', [namePrefix, { Ref: 'SerialNumber' }]] },
        },
        OverrideSettings: { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: policyName } },
    },
  };
}

/** The MQTT API of fleet provisioning (AWS IoT developer guide), with the key made on the device. */
function writeClaimPolicy(templateName: string) {
  const topics = [
    '$aws/certificates/create-from-csr/*',
    `$aws/provisioning-templates/${templateName}/provision/*`,
  ];
  const resources = (kind: string) => topics.map((topic) => `${here}:${kind}/${topic}`);
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${here}:client/${claimClient}*` },
      { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: resources('topic') },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: resources('topicfilter') },
    ],
  };
}

function writeHook(stage: string): Readonly<Record<string, unknown>> {
  const functionName = `cordon-${stage}-provisioning-hook`;
  return {
    Hook: {
      Type: 'AWS::Lambda::Function',
      DependsOn: 'HookLogs',
      Properties: {
        FunctionName: functionName,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        // AWS IoT waits five seconds for a hook.
        Timeout: 5,
        Role: { 'Fn::GetAtt': ['HookRole', 'Arn'] },
        Environment: { Variables: { THING_NAME_PREFIX: { Ref: 'ThingNamePrefix' } } },
        Code: { ZipFile: readFileSync(new URL('provisioning-hook.cjs', import.meta.url), 'utf8') },
      },
    },
    HookLogs: {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: `/aws/lambda/${functionName}`,
        RetentionInDays: 30,
        KmsKeyId: whereGiven('LogKmsKeyArn'),
      },
    },
    HookRole: role('lambda.amazonaws.com', {
      Policies: [
        {
          PolicyName: 'hook',
          PolicyDocument: fill({
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Action: 'iot:DescribeThing', Resource: `${here}:thing/${namePrefix}*` },
              {
                Effect: 'Allow',
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Resource: `${logGroups}:/aws/lambda/${functionName}:*`,
              },
            ],
          }),
        },
      ],
    }),
    HookPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Hook' },
        Principal: 'iot.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
        SourceArn: fill(`${here}:provisioningtemplate/cordon-${stage}`),
      },
    },
  };
}

/** The parameters of a deploy of Cordon that have these names. Tags come with `aws cloudformation deploy --tags`. */
const accountParameters = {
  PermissionsBoundary: { Type: 'String', Default: '', Description: 'ARN of a policy; empty: none' },
  RolePath: { Type: 'String', Default: '/', Description: 'Path of the roles, such as /cordon/' },
  LogKmsKeyArn: { Type: 'String', Default: '', Description: 'Your own key for the log; empty: keys of AWS' },
};

const optional = ['PermissionsBoundary', 'LogKmsKeyArn'];
const accountConditions = Object.fromEntries(
  optional.map((name) => [`Has${name}`, { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: name }, ''] }] }]),
);
const whereGiven = (name: string) => ({ 'Fn::If': [`Has${name}`, { Ref: name }, { Ref: 'AWS::NoValue' }] });

function policy(name: string, document: unknown) {
  return { Type: 'AWS::IoT::Policy', Properties: { PolicyName: name, PolicyDocument: fill(document) } };
}

function role(service: string, rights: Readonly<Record<string, unknown>>) {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
      Path: { Ref: 'RolePath' },
      PermissionsBoundary: whereGiven('PermissionsBoundary'),
      ...rights,
    },
  };
}

/** Has CloudFormation fill in its parameters in every text of a value, and leave the variables of AWS IoT alone. */
function fill(value: unknown): unknown {
  if (typeof value === 'string')
    return value.includes('${') ? { 'Fn::Sub': value.replaceAll('${iot:', '${!iot:') } : value;
  if (Array.isArray(value)) return value.map(fill);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]));
}
