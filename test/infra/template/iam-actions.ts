import { listChannels, listServed } from '../../../functions/notify/channels/registry';

/**
 * The resource types that IAM knows for each action that a role of the stack may have, from AWS's machine-readable
 * service authorization reference as cfn-lint 1.51 carries it; see docs/facts.md#policies.
 */
export const resourceTypes: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:BatchGetItem': ['table'],
  'dynamodb:BatchWriteItem': ['table'],
  'dynamodb:DeleteItem': ['table'],
  'dynamodb:GetItem': ['table'],
  'dynamodb:PutItem': ['table'],
  'dynamodb:Query': ['index', 'table'],
  'dynamodb:UpdateItem': ['table'],
  'events:PutEvents': ['event-bus'],
  'iot:AddThingToThingGroup': ['thing', 'thinggroup'],
  'iot:AttachPolicy': ['cert', 'thinggroup'],
  'iot:CancelJob': ['job'],
  'iot:CreateJob': ['job', 'thing', 'thinggroup'],
  'iot:CreateThingGroup': ['thinggroup'],
  'iot:CreatePolicy': ['policy'],
  'iot:CreatePolicyVersion': ['policy'],
  'iot:DeleteConnection': ['client'],
  'iot:DeletePolicy': ['policy'],
  'iot:DeletePolicyVersion': ['policy'],
  'iot:DescribeCertificate': ['cert'],
  'iot:DescribeDetectMitigationActionsTask': [],
  'iot:DescribeJobExecution': ['job', 'thing'],
  'iot:DescribeEndpoint': [],
  'iot:DescribeThing': ['thing'],
  'iot:DetachPolicy': ['cert', 'thinggroup'],
  'iot:GetConnection': ['client'],
  'iot:GetEffectivePolicies': ['cert'],
  'iot:GetPolicy': ['policy'],
  'iot:GetPolicyVersion': ['policy'],
  'iot:ListActiveViolations': ['securityprofile', 'thing'],
  'iot:ListAttachedPolicies': [],
  'iot:ListAuditFindings': [],
  'iot:ListCertificatesByCA': [],
  'iot:ListPolicyVersions': ['policy'],
  'iot:ListPrincipalThings': ['cert'],
  'iot:ListTargetsForPolicy': ['policy'],
  'iot:ListThingGroupsForThing': ['thing'],
  'iot:ListThingPrincipals': ['thing'],
  'iot:ListThings': [],
  'iot:ListThingsInThingGroup': ['thinggroup'],
  'iot:Publish': ['topic'],
  'iot:PutVerificationStateOnViolation': [],
  'iot:RemoveThingFromThingGroup': ['thing', 'thinggroup'],
  'iot:RetainPublish': ['topic'],
  'iot:SetDefaultPolicyVersion': ['policy'],
  'iot:StartDetectMitigationActionsTask': ['securityprofile'],
  'iot:TestAuthorization': ['cert'],
  'iot:UpdateCertificate': ['cert'],
  'kms:Decrypt': ['key'],
  'kms:GenerateDataKey': ['key'],
  'logs:CreateLogStream': ['log-group'],
  'logs:PutLogEvents': ['log-group'],
  'secretsmanager:GetSecretValue': ['secret'],
  'securityhub:BatchImportFindings': ['product'],
  'securityhub:BatchUpdateFindings': ['hub'],
  'sns:ListSubscriptionsByTopic': ['sns-topic'],
  'sns:Publish': ['sns-topic'],
  'sqs:DeleteMessage': ['queue'],
  'sqs:GetQueueAttributes': ['queue'],
  'sqs:ReceiveMessage': ['queue'],
  'sqs:SendMessage': ['queue'],
  'ssm:GetParameter': ['parameter'],
};

const iot = (type: string) =>
  new RegExp(`^arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:${type}/.`);

/** The ids of the channels' secrets. */
const secrets = listServed(listChannels()).flatMap(({ descriptor: { secret, buttons } }) =>
  [secret, buttons?.secret].flatMap((one) => one?.id ?? []),
);

/** How the template writes the resources of a type. A reference to another resource is its type in brackets. */
export const shapes: Readonly<Record<string, RegExp>> = {
  table: /^<AWS::DynamoDB::Table>$/,
  index: /^<AWS::DynamoDB::Table>\/index\/[A-Za-z]+$/,
  thing: iot('thing'),
  thinggroup:
    /^<AWS::IoT::ThingGroup>$|^arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:thinggroup\/.+$/,
  cert: iot('cert'),
  job: iot('job'),
  policy: iot('policy'),
  client: iot('client'),
  topic: iot('topic'),
  securityprofile: iot('securityprofile'),
  key: /^<KmsKeyArn>$/,
  'log-group':
    /^(arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:\/aws\/lambda\/cordon-dev-[a-z-]+:\*|<(AWS::Logs::LogGroup|ProvisionLogGroup)>)$/,
  secret: new RegExp(
    `^arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:<(?:${secrets.join('|')})Secret>-\\?{6}$`,
  ),
  'event-bus': /^arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus\/[\w.-]+$/,
  product:
    /^arn:<AWS::Partition>:securityhub:<AWS::Region>:<AWS::AccountId>:product\/<AWS::AccountId>\/default$/,
  hub: /^arn:<AWS::Partition>:securityhub:<AWS::Region>:<AWS::AccountId>:hub\/default$/,
  'sns-topic': /^<AWS::SNS::Topic>$/,
  queue: /^<AWS::SQS::Queue>$/,
  parameter: /^arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter./,
};
