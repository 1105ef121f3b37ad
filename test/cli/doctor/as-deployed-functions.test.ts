import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { findsOnly, role, schedule } from './changed-by-hand';
import { healthy, queueArn, source, trust } from './deployed-stack';

const inlinePolicy = role?.policies.get('send') as { Statement: object[] };

describe('the check of what was changed by hand', () => {
  it.each<[string, Partial<PresentResources>, string]>([
    [
      'a statement taken from a role',
      {
        readRole: async () => ({
          trust,
          attached: [],
          policies: new Map([['send', { Statement: inlinePolicy.Statement.slice(0, 1) }]]),
        }),
      },
      `role cordon-dev-Role-1: policy send: it lacks: Allow sqs:SendMessage on ${queueArn}`,
    ],
    [
      'a condition added to a role',
      {
        readRole: async () => ({
          trust,
          attached: [],
          policies: new Map([
            [
              'send',
              {
                Statement: [
                  inlinePolicy.Statement[0],
                  {
                    ...inlinePolicy.Statement[1],
                    Condition: { Bool: { 'aws:MultiFactorAuthPresent': true } },
                  },
                ],
              },
            ],
          ]),
        }),
      },
      'role cordon-dev-Role-1: policy send: it lacks: Allow sqs:SendMessage',
    ],
    [
      'a policy deleted from a role',
      { readRole: async () => ({ trust, attached: [], policies: new Map() }) },
      'role cordon-dev-Role-1: its policy send is missing',
    ],
    [
      'a policy added to a role',
      {
        readRole: async () => ({
          trust,
          attached: [],
          policies: new Map<string, unknown>([...(role?.policies ?? []), ['more', {}]]),
        }),
      },
      'role cordon-dev-Role-1: it has another policy, more',
    ],
    [
      'a role that the function may not assume any more',
      {
        readRole: async () => ({
          trust: { Statement: [] },
          attached: [],
          policies: role?.policies ?? new Map(),
        }),
      },
      'role cordon-dev-Role-1: who may assume it: it lacks: Allow sts:AssumeRole for lambda.amazonaws.com',
    ],
    [
      'a managed policy attached to a role',
      {
        readRole: async () => role && { ...role, attached: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
      },
      'role cordon-dev-Role-1: it has another policy, arn:aws:iam::aws:policy/AdministratorAccess',
    ],
    [
      'a boundary set on a role',
      { readRole: async () => role && { ...role, boundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' } },
      'role cordon-dev-Role-1: the permissions boundary was none and is arn:aws:iam::aws:policy/ReadOnlyAccess',
    ],
    [
      'a filter on an event source',
      {
        readEventSource: async () => ({
          ...source,
          FilterCriteria: { Filters: [{ Pattern: '{"body":["x"]}' }] },
        }),
      },
      'event source mapping-1: of cordon-dev-respond: it has a filter: {"Filters":[{"Pattern":',
    ],
    [
      'an event source that waits for more messages',
      { readEventSource: async () => ({ ...source, MaximumBatchingWindowInSeconds: 300 }) },
      'event source mapping-1: of cordon-dev-respond: MaximumBatchingWindowInSeconds was 0 and is 300',
    ],
    [
      'a function that logs by level',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'FATAL' },
        }),
      },
      'function cordon-dev-respond: LoggingConfig: LogFormat was Text and is JSON',
    ],
    [
      'a function that logs elsewhere',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          LoggingConfig: { LogFormat: 'Text', LogGroup: '/mine' },
        }),
      },
      'LoggingConfig: LogGroup was /aws/lambda/cordon-dev-respond and is /mine',
    ],
    [
      'an event source that takes a failed batch for done',
      { readEventSource: async () => ({ ...source, FunctionResponseTypes: [] }) },
      'event source mapping-1: of cordon-dev-respond: FunctionResponseTypes is not as deployed',
    ],
    [
      'an event source with another concurrency',
      { readEventSource: async () => ({ ...source, ScalingConfig: { MaximumConcurrency: 2 } }) },
      'event source mapping-1: of cordon-dev-respond: ScalingConfig.MaximumConcurrency was 20 and is 2',
    ],
    [
      'a schedule that may not start its function',
      { readFunctionPolicy: async () => undefined },
      'permission cordon-dev-Permission-1: events.amazonaws.com may not invoke cordon-dev-respond for arn:aws:events:',
    ],
    [
      'another role of a function',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          Role: 'arn:aws:iam::111122223333:role/mine',
        }),
      },
      'function cordon-dev-respond: Role was arn:aws:iam::111122223333:role/cordon-dev-Role-1 and is arn:aws:iam::111122223333:role/mine',
    ],
    [
      'a layer that was put below a function',
      {
        readFunctionSettings: async () => ({
          ...(await healthy.readFunctionSettings('')),
          Layers: [{ Arn: 'arn:aws:lambda:eu-west-1:1:layer:mine:1' }],
        }),
      },
      'function cordon-dev-respond: Layers is not as deployed',
    ],
    ['a deleted role', { readRole: async () => undefined }, 'role cordon-dev-Role-1: it is missing'],
    [
      'a disabled schedule',
      { readEventRule: async () => schedule && { ...schedule, state: 'DISABLED' } },
      'EventBridge rule cordon-dev-Schedule-1: State was ENABLED and is DISABLED',
    ],
    [
      'a rule that got a pattern',
      { readEventRule: async () => schedule && { ...schedule, pattern: { source: ['acme'] } } },
      'EventBridge rule cordon-dev-Schedule-1: EventPattern is not as deployed',
    ],
    [
      'a schedule that starts nothing',
      { readEventRule: async () => schedule && { ...schedule, targets: [] } },
      'EventBridge rule cordon-dev-Schedule-1: Targets is not as deployed',
    ],
    [
      'a schedule that is gone',
      { readEventRule: async () => undefined },
      'EventBridge rule cordon-dev-Schedule-1: it is missing',
    ],
    [
      'a variable of a function, without its value',
      {
        readFunctionSettings: async () => ({
          Timeout: 15,
          Environment: { Variables: { PREFIX: 'other', HIDDEN: 'secret' } },
        }),
      },
      'function cordon-dev-respond: Environment.Variables.PREFIX is not as deployed',
    ],
    [
      'a shorter timeout of a function',
      { readFunctionSettings: async () => ({ Timeout: 3 }) },
      'function cordon-dev-respond: Timeout was 15 and is 3',
    ],
  ])('finds %s', findsOnly);
});
