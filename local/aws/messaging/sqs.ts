import type { ApiRequest, ApiResponse, AwsIdentity, PolicyDocument, ServiceHandler } from '../../types';
import { createMessageMoves } from '../gateway/message-moves';
import { formatAwsError } from '../wire/aws-error';
import type { Forward } from '../wire/forward';
import { parseJsonObject } from '../wire/json';
import { createSenders } from './senders';

interface SqsOptions {
  readonly identity: AwsIdentity;
  readonly forward: Forward;
  /** `host:port` of the gateway, for queue URLs: SDKs post to the queue URL itself. */
  readonly gatewayHost: () => string;
  readonly isClosing: () => boolean;
}

/** Operations of fauxqs, and the IAM action where it has another name (SQS: a batch needs the single action). */
const actions: Readonly<Record<string, string>> = {
  CreateQueue: 'CreateQueue',
  DeleteQueue: 'DeleteQueue',
  GetQueueUrl: 'GetQueueUrl',
  ListQueues: 'ListQueues',
  GetQueueAttributes: 'GetQueueAttributes',
  SetQueueAttributes: 'SetQueueAttributes',
  PurgeQueue: 'PurgeQueue',
  SendMessage: 'SendMessage',
  SendMessageBatch: 'SendMessage',
  ReceiveMessage: 'ReceiveMessage',
  DeleteMessage: 'DeleteMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibility: 'ChangeMessageVisibility',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  TagQueue: 'TagQueue',
  UntagQueue: 'UntagQueue',
  ListQueueTags: 'ListQueueTags',
  // Not of fauxqs: message-moves.ts.
  StartMessageMoveTask: 'StartMessageMoveTask',
  ListMessageMoveTasks: 'ListMessageMoveTasks',
};

/** SQS over its JSON protocol, which all SDKs speak since 2023; the older query protocol is not emulated. */
export function createSqs({ identity, forward, gatewayHost, isClosing }: SqsOptions): ServiceHandler {
  const moves = createMessageMoves(forward);
  const senders = createSenders();
  /** Of the queues that were given one, by name. */
  const policies = new Map<string, PolicyDocument>();

  function keepPolicy(operation: string, body: Readonly<Record<string, unknown>>): void {
    const name = nameQueue(operation, body);
    if (operation === 'DeleteQueue') policies.delete(name);
    const { Policy } = (body.Attributes ?? {}) as { readonly Policy?: string };
    const document = Policy === undefined ? undefined : parseJsonObject(Policy);
    if (document && (operation === 'SetQueueAttributes' || operation === 'CreateQueue'))
      policies.set(name, document as unknown as PolicyDocument);
  }

  return {
    identify(request) {
      const operation = operationOf(request);
      if (operation === undefined) return undefined;
      const action = `sqs:${actions[operation]}`;
      if (operation === 'ListQueues') return { action, resources: ['*'] };
      const body = parseJsonObject(request.body) ?? {};
      if (body.SourceArn !== undefined) return { action, resources: [String(body.SourceArn)] };
      const name = nameQueue(operation, body);
      const { partition, region, accountId } = identity;
      const ofResource = policies.get(name);
      const resources = [`arn:${partition}:sqs:${region}:${accountId}:${name}`];
      return { action, resources, ...(ofResource && { ofResource }) };
    },
    async handle(request) {
      const operation = operationOf(request) ?? '';
      const body = parseJsonObject(request.body);
      if (!body)
        return formatAwsError(request, 400, 'SerializationException', 'The body is not a JSON object');
      if (operation === 'StartMessageMoveTask') return await moves.start(request, body);
      if (operation === 'ListMessageMoveTasks') return moves.list(body);
      if (operation === 'ReceiveMessage')
        return await senders.name(await receive(request, forward, isClosing));
      const answer = forward(request);
      const response = await (actions[operation] === 'SendMessage' ? senders.watch(request, answer) : answer);
      if (response.status === 200) keepPolicy(operation, body);
      return response.status === 200 && namesQueues.has(operation)
        ? withQueueUrls(response, gatewayHost())
        : response;
    },
  };
}

/** fauxqs ends all long polls on a queue when one message comes; SQS lets those that got none go on waiting. */
async function receive(
  request: ApiRequest,
  forward: Forward,
  isClosing: () => boolean,
): Promise<ApiResponse> {
  const body = parseJsonObject(request.body) ?? {};
  const waitSeconds = body.WaitTimeSeconds;
  const startedAt = performance.now();
  let response = await forward(request);
  while (typeof waitSeconds === 'number' && response.status === 200 && !isClosing()) {
    const leftSeconds = waitSeconds - (performance.now() - startedAt) / 1000;
    if (leftSeconds <= 0 || parseJsonObject(response.body ?? '')?.Messages !== undefined) break;
    response = await forward(request, JSON.stringify({ ...body, WaitTimeSeconds: leftSeconds }));
  }
  return response;
}

/** fauxqs finds a queue by the last segment of its URL, whatever the host; IAM must judge the same queue. */
function nameQueue(operation: string, body: Readonly<Record<string, unknown>>): string {
  const named = byName.has(operation) ? body.QueueName : body.QueueUrl;
  return (typeof named === 'string' ? named : '').split('/').filter(Boolean).at(-1) ?? '';
}

/** These name a queue where the others have its URL. */
const byName: ReadonlySet<string> = new Set(['CreateQueue', 'GetQueueUrl']);
const namesQueues: ReadonlySet<string> = new Set(['CreateQueue', 'GetQueueUrl', 'ListQueues']);

/** fauxqs makes URLs of `sqs.REGION.localhost`, a name that not every machine resolves. */
function withQueueUrls(response: ApiResponse, host: string): ApiResponse {
  const { QueueUrl, QueueUrls, ...rest } = parseJsonObject(response.body ?? '') ?? {};
  const atGateway = (url: unknown) => String(url).replace(/^http:\/\/[^/]+/, `http://${host}`);
  const body = {
    ...rest,
    ...(QueueUrl !== undefined && { QueueUrl: atGateway(QueueUrl) }),
    ...(Array.isArray(QueueUrls) && { QueueUrls: QueueUrls.map(atGateway) }),
  };
  return { ...response, body: JSON.stringify(body) };
}

function operationOf({ headers }: ApiRequest): string | undefined {
  const operation = /^AmazonSQS\.(\w+)$/.exec(headers['x-amz-target'] ?? '')?.[1];
  return operation !== undefined && Object.hasOwn(actions, operation) ? operation : undefined;
}
