import type { DoctorTarget } from '../../../cli/doctor/doctor';
import { bucket, healthy, httpApi, topicArn } from './deployed-stack';
import { account, arn, changed, functionOf, namesOnly, of, queues } from './sabotaged-account';

const table = await healthy.readTable('');
const role = await healthy.readRole('');
const settings = await healthy.readFunctionSettings('');
const schedule = await healthy.readEventRule('');
const alarm = await healthy.readAlarm('');

describe('the doctor', () => {
  it.each<[what: string, Partial<DoctorTarget>, RegExp]>([
    [
      "a function's role cut",
      changed({ readRole: async () => role && { ...role, policies: new Map() } }),
      /its policy send is missing/,
    ],
    [
      "a function's role widened",
      changed({
        readRole: async () => role && { ...role, attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
      }),
      /it has another policy, arn:aws:iam::aws:policy\/AdministratorAccess/,
    ],
    [
      'a function deleted',
      of({ readFunction: async (name) => (/sweep$/.test(name) ? undefined : functionOf(name)) }),
      /function sweep: it is missing/,
    ],
    [
      'code replaced',
      changed({ readFunctionSettings: async () => ({ ...settings, CodeSha256: 'other=' }) }),
      /its code is not what was deployed/,
    ],
    [
      'an environment variable changed',
      changed({
        readFunctionSettings: async () => ({
          ...settings,
          Environment: { Variables: { PREFIX: 'x', HIDDEN: '' } },
        }),
      }),
      /Environment\.Variables\.PREFIX is not as deployed/,
    ],
    [
      'concurrency of 0',
      of({
        readFunction: async (name) => ({
          ...functionOf(name),
          ...(/respond$/.test(name) && { reservedConcurrency: 0 }),
        }),
      }),
      /its reserved concurrency is 0/,
    ],
    [
      'too little concurrency',
      of({
        readFunction: async (name) => ({
          ...functionOf(name),
          ...(/respond$/.test(name) && { reservedConcurrency: 2 }),
        }),
      }),
      /function respond: its reserved concurrency is 2, and its queues start 5 at once/,
    ],
    [
      'the deployment bucket deleted',
      changed({ readBucket: async () => undefined }),
      /deployment bucket cordon-dev-packages: it is missing/,
    ],
    [
      'the deployment bucket opened to the public',
      changed({ readBucket: async () => ({ ...bucket, publicAccessBlock: {} }) }),
      /it does not block public access: BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets are off/,
    ],
    [
      'the deployment bucket without TLS',
      changed({ readBucket: async () => ({ ...bucket, policy: {} }) }),
      /deployment bucket cordon-dev-packages: its policy: it lacks: Deny s3:\* on \S+ for \*/,
    ],
    [
      'an event source mapping disabled',
      of({
        readFunction: async (name) => {
          const found = functionOf(name);
          return /respond$/.test(name)
            ? { ...found, sources: found.sources.map((one) => ({ ...one, state: 'Disabled' })) }
            : found;
        },
      }),
      /its source cordon-dev-commands\.fifo is Disabled/,
    ],
    [
      'another function at the commands',
      of({
        listConsumers: async (queueArn) => [
          ...(await account.listConsumers(queueArn)),
          ...(/commands/.test(queueArn) ? [{ functionArn: arn('lambda', 'function:thief'), id: 'm2' }] : []),
        ],
      }),
      /\S+:function:thief also takes messages from cordon-dev-commands\.fifo/,
    ],
    [
      'an environment variable added',
      changed({
        readFunctionSettings: async () => ({
          ...settings,
          Environment: {
            Variables: {
              ...(settings as { Environment: { Variables: object } }).Environment.Variables,
              NODE_OPTIONS: '--require /x',
            },
          },
        }),
      }),
      /function cordon-dev-respond: Environment\.Variables\.NODE_OPTIONS was added$/,
    ],
    [
      'a function moved into a network',
      changed({
        readFunctionSettings: async () => ({ ...settings, VpcConfig: { SubnetIds: ['subnet-1'] } }),
      }),
      /function cordon-dev-respond: it runs in a network of your own \(subnet-1\)/,
    ],
    [
      'a schedule disabled',
      changed({ readEventRule: async () => schedule && { ...schedule, state: 'DISABLED' } }),
      /State was ENABLED and is DISABLED/,
    ],
    [
      'the right of a schedule taken',
      changed({ readFunctionPolicy: async () => undefined }),
      /events\.amazonaws\.com may not invoke cordon-dev-respond/,
    ],
    [
      'dead letters waiting',
      of({
        listQueues: async () => queues.map((one) => ({ ...one, waiting: /-dead$/.test(one.name) ? 2 : 0 })),
      }),
      /cordon-dev-alerts-dead has 2 messages that nobody could handle/,
    ],
    [
      'a queue deleted',
      of({ listQueues: async () => queues.filter(({ name }) => !/reports$/.test(name)) }),
      /cordon-dev-reports is missing/,
    ],
    [
      'a dead-letter queue deleted',
      changed({
        readQueueSettings: async (url) => (/-dead$/.test(url) ? undefined : healthy.readQueueSettings(url)),
      }),
      /queue cordon-dev-alerts-dead: it is missing/,
    ],
    [
      'a queue that takes small messages only',
      changed({
        readQueueSettings: async (url) => ({
          ...(await healthy.readQueueSettings(url)),
          ...(!/-dead$/.test(url) && { MaximumMessageSize: '1024' }),
        }),
      }),
      /queue cordon-dev-alerts: it takes messages of up to 1024 bytes only/,
    ],
    [
      'a queue policy emptied',
      changed({ readQueuePolicy: async () => ({}) }),
      /it lacks: Allow sqs:SendMessage/,
    ],
    [
      'a topic policy opened',
      changed({
        readTopic: async (topic) =>
          topic === topicArn
            ? {
                policy: {
                  Statement: [
                    { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
                    { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' },
                  ],
                },
              }
            : healthy.readTopic(topic),
      }),
      /it has in addition: Allow sns:Publish on \* for \*/,
    ],
    [
      'DynamoDB expiring nothing',
      changed({
        readTable: async () => table && { indexes: table.indexes, hasRecovery: true, isOnDemand: true },
      }),
      /the attribute that expires items was expiresAt and is none/,
    ],
    [
      'DynamoDB without recovery',
      changed({ readTable: async () => table && { ...table, hasRecovery: false } }),
      /point-in-time recovery is off/,
    ],
    [
      'the actions of an alarm off',
      changed({ readAlarm: async () => ({ ...alarm, ActionsEnabled: false }) }),
      /ActionsEnabled was true and is false/,
    ],
    [
      'an alarm deleted',
      changed({ readAlarm: async () => undefined }),
      /alarm cordon-dev-sweep: it is missing/,
    ],
    [
      'an API route gone',
      changed({ readHttpApi: async () => ({ ...httpApi, routes: [] }) }),
      /route GET \/cases: it is missing/,
    ],
    [
      'an API route open to everybody',
      changed({
        readHttpApi: async () => ({
          ...httpApi,
          routes: httpApi.routes.map((one) => ({ ...one, AuthorizationType: 'NONE' })),
        }),
      }),
      /AuthorizationType was JWT and is NONE/,
    ],
    [
      'logs kept for a day',
      changed({ readLogGroup: async () => ({ retention: 1 }) }),
      /RetentionInDays was 30 and is 1/,
    ],
  ])('names %s, and nothing else', namesOnly);
});
