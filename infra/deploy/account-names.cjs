// Finds which names an account has, by type of resource. Each client is loaded when it is needed: most deploys need none.

const loadTypescript = require('../bundling/load-typescript.cjs');

/** The result of a call, or undefined if AWS finds nothing with this name. */
async function find(call, ...missing) {
  try {
    return await call();
  } catch (error) {
    if (missing.includes(error.name)) return undefined;
    throw error;
  }
}

/** Asks for each name; `describe` makes the call. */
async function findEach(client, names, describe, ...missing) {
  const taken = [];
  for (const name of names)
    if ((await find(() => client.send(describe(name)), ...missing)) !== undefined) taken.push(name);
  return taken;
}

/** Asks for each name in AWS IoT. */
const inIot = (command, key) => (names, open) => {
  const iot = require('@aws-sdk/client-iot');
  return findEach(
    open(iot.IoTClient),
    names,
    (name) => new iot[command]({ [key]: name }),
    'ResourceNotFoundException',
  );
};

const finders = {
  'AWS::IoT::ThingGroup': inIot('DescribeThingGroupCommand', 'thingGroupName'),
  'AWS::IoT::Policy': inIot('GetPolicyCommand', 'policyName'),
  'AWS::IoT::SecurityProfile': inIot('DescribeSecurityProfileCommand', 'securityProfileName'),
  'AWS::IoT::CustomMetric': inIot('DescribeCustomMetricCommand', 'metricName'),
  'AWS::IoT::MitigationAction': inIot('DescribeMitigationActionCommand', 'actionName'),

  // GetTopicRule answers for a rule that is not there as for one that the caller may not see.
  async 'AWS::IoT::TopicRule'(names, open) {
    const { IoTClient, paginateListTopicRules } = require('@aws-sdk/client-iot');
    const found = [];
    for await (const { rules = [] } of paginateListTopicRules({ client: open(IoTClient) }, {}))
      found.push(...rules.map(({ ruleName }) => ruleName));
    return names.filter((name) => found.includes(name));
  },

  'AWS::Events::Rule'(names, open) {
    const { DescribeRuleCommand, EventBridgeClient } = require('@aws-sdk/client-eventbridge');
    const describe = (Name) => new DescribeRuleCommand({ Name });
    return findEach(open(EventBridgeClient), names, describe, 'ResourceNotFoundException');
  },

  'AWS::Lambda::Function'(names, open) {
    const { GetFunctionCommand, LambdaClient } = require('@aws-sdk/client-lambda');
    const describe = (FunctionName) => new GetFunctionCommand({ FunctionName });
    return findEach(open(LambdaClient), names, describe, 'ResourceNotFoundException');
  },

  async 'AWS::Logs::LogGroup'(names, open) {
    const logs = require('@aws-sdk/client-cloudwatch-logs');
    const client = open(logs.CloudWatchLogsClient);
    const taken = [];
    for (const logGroupNamePrefix of names) {
      // The first of a prefix in the order of names is the name itself, if it is there.
      const { logGroups = [] } = await client.send(
        new logs.DescribeLogGroupsCommand({ logGroupNamePrefix, limit: 1 }),
      );
      if (logGroups.some(({ logGroupName }) => logGroupName === logGroupNamePrefix))
        taken.push(logGroupNamePrefix);
    }
    return taken;
  },

  'AWS::DynamoDB::Table'(names, open) {
    const { DescribeTableCommand, DynamoDBClient } = require('@aws-sdk/client-dynamodb');
    const describe = (TableName) => new DescribeTableCommand({ TableName });
    return findEach(open(DynamoDBClient), names, describe, 'ResourceNotFoundException');
  },

  'AWS::SQS::Queue'(names, open) {
    const { GetQueueUrlCommand, SQSClient } = require('@aws-sdk/client-sqs');
    const describe = (QueueName) => new GetQueueUrlCommand({ QueueName });
    return findEach(
      open(SQSClient),
      names,
      describe,
      'QueueDoesNotExist',
      'AWS.SimpleQueueService.NonExistentQueue',
    );
  },

  async 'AWS::SNS::Topic'(names, open, readArnPrefix) {
    const { GetTopicAttributesCommand, SNSClient } = require('@aws-sdk/client-sns');
    const prefix = await readArnPrefix('sns');
    const describe = (name) => new GetTopicAttributesCommand({ TopicArn: `${prefix}:${name}` });
    return findEach(open(SNSClient), names, describe, 'NotFoundException', 'NotFound');
  },

  async 'AWS::CloudWatch::Alarm'(names, open) {
    const { CloudWatchClient, DescribeAlarmsCommand } = require('@aws-sdk/client-cloudwatch');
    const client = open(CloudWatchClient);
    const found = [];
    // One call takes a hundred names.
    for (let at = 0; at < names.length; at += 100) {
      const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(at, at + 100),
          AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
          MaxRecords: 100,
        }),
      );
      found.push(...[...MetricAlarms, ...CompositeAlarms].map(({ AlarmName }) => AlarmName));
    }
    return names.filter((name) => found.includes(name));
  },

  'AWS::CloudWatch::Dashboard'(names, open) {
    const { CloudWatchClient, GetDashboardCommand } = require('@aws-sdk/client-cloudwatch');
    const describe = (DashboardName) => new GetDashboardCommand({ DashboardName });
    return findEach(
      open(CloudWatchClient),
      names,
      describe,
      'ResourceNotFound',
      'DashboardNotFoundError',
      'ResourceNotFoundException',
    );
  },
};

/** The resources of the stack (../shared/mitigation/own-resource.ts). */
function listOwn(StackName, open) {
  const cloudFormation = require('@aws-sdk/client-cloudformation');
  const { listOwn: list } = loadTypescript('shared/mitigation/own-resource.ts');
  const client = open(cloudFormation.CloudFormationClient);
  return list(cloudFormation.paginateListStackResources({ client }, { StackName }), () =>
    client.send(new cloudFormation.GetTemplateCommand({ StackName })),
  );
}

/** Reads what a deploy has to know of a group that it is to adopt (../shared/mitigation/adoption.ts). */
function openGroups(open, readArnPrefix) {
  const { openGroupReader } = loadTypescript('shared/mitigation/group-reader.ts');
  const iot = (name, input) => {
    const module = require('@aws-sdk/client-iot');
    return open(module.IoTClient).send(new module[name](input));
  };
  const findIn = (name, input) => find(() => iot(name, input), 'ResourceNotFoundException');
  return {
    ...openGroupReader({
      describeGroup: (thingGroupName) => findIn('DescribeThingGroupCommand', { thingGroupName }),
      listPolicies: (target) => iot('ListAttachedPoliciesCommand', { target }),
      getPolicy: (policyName) => findIn('GetPolicyCommand', { policyName }),
      listThings: (thingGroupName) =>
        findIn('ListThingsInThingGroupCommand', { thingGroupName, maxResults: 1 }),
    }),
    readArnPrefix: () => readArnPrefix('iot'),
    isBillingGroup: async (billingGroupName) =>
      (await findIn('DescribeBillingGroupCommand', { billingGroupName })) !== undefined,
    // One page: whether there are any, and some by name.
    listTargets: async (policyName) =>
      (await findIn('ListTargetsForPolicyCommand', { policyName }))?.targets ?? [],
  };
}

/** `settings`: of each client. `readArnPrefix`: `arn:PARTITION:SERVICE:REGION:ACCOUNT` of a service. */
function openNames(settings, readArnPrefix) {
  const clients = new Map();
  const open = (Client) => {
    if (!clients.has(Client)) clients.set(Client, new Client({ ...settings, maxAttempts: 6 }));
    return clients.get(Client);
  };
  return {
    groups: openGroups(open, readArnPrefix),
    types: Object.keys(finders),
    listOwn: (stackName) => listOwn(stackName, open),
    findTaken: async (type, names) => finders[type](names, open, readArnPrefix),
    close() {
      for (const client of clients.values()) client.destroy();
    },
  };
}

module.exports = { find, openNames };
