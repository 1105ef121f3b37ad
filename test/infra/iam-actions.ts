/**
 * The resource types that IAM knows for each action that a role of the stack may have, from AWS's machine-readable
 * service authorization reference as cfn-lint 1.51 carries it; GetConnection from device-defender.md, 5.7.
 */
export const resourceTypes: Readonly<Record<string, readonly string[]>> = {
  'dynamodb:BatchGetItem': ['table'],
  'dynamodb:BatchWriteItem': ['table'],
  'dynamodb:DeleteItem': ['table'],
  'dynamodb:GetItem': ['table'],
  'dynamodb:PutItem': ['table'],
  'dynamodb:Query': ['index', 'table'],
  'dynamodb:UpdateItem': ['table'],
  'iot:AddThingToThingGroup': ['thing', 'thinggroup'],
  'iot:AttachPolicy': ['cert', 'thinggroup'],
  'iot:CancelJob': ['job'],
  'iot:CreateJob': ['job', 'thing', 'thinggroup'],
  'iot:CreatePolicyVersion': ['policy'],
  'iot:DeleteConnection': ['client'],
  'iot:DeletePolicy': ['policy'],
  'iot:DeletePolicyVersion': ['policy'],
  'iot:DescribeCertificate': ['cert'],
  'iot:DescribeDetectMitigationActionsTask': [],
  'iot:DescribeJobExecution': ['job', 'thing'],
  'iot:DescribeThing': ['thing'],
  'iot:DetachPolicy': ['cert', 'thinggroup'],
  'iot:GetConnection': ['client'],
  'iot:GetPolicy': ['policy'],
  'iot:GetPolicyVersion': ['policy'],
  'iot:ListActiveViolations': ['securityprofile', 'thing'],
  'iot:ListAttachedPolicies': [],
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
  'sns:Publish': ['sns-topic'],
  'sqs:DeleteMessage': ['queue'],
  'sqs:GetQueueAttributes': ['queue'],
  'sqs:ReceiveMessage': ['queue'],
  'sqs:SendMessage': ['queue'],
  'ssm:GetParameter': ['parameter'],
};

const iot = (type: string) =>
  new RegExp(`^arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:${type}/.`);

/** How the resources of a type are written in the template; what refers to another resource has its type in brackets. */
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
    /^(arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:\/aws\/lambda\/cordon-dev-[a-z]+:\*|<(AWS::Logs::LogGroup|ProvisionLogGroup)>)$/,
  secret:
    /^arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:<Slack\w+Secret>-\?{6}$/,
  'sns-topic': /^<AWS::SNS::Topic>$/,
  queue: /^<AWS::SQS::Queue>$/,
  parameter: /^arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter./,
};
