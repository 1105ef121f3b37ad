import type { ApiRequest, ApiResponse, AwsIdentity, PolicyDocument, ServiceHandler } from '../../types';
import { createMessageMoves } from '../gateway/message-moves';
import { formatAwsError } from '../wire/aws-error';
import type { Forward } from '../wire/forward';
import { isRecord, parseJsonObject } from '../wire/json';
import { createSenders } from './senders';
import {
  badHandle,
  findCallFault,
  findMessageFault,
  isHandle,
  type Refusal,
  readDeadLetterQueue,
} from './sqs-rules';

interface SqsOptions {
  readonly identity: AwsIdentity;
  readonly forward: Forward;
  /** `host:port` of the gateway, for queue URLs: SDKs post to the queue URL itself. */
  readonly gatewayHost: () => string;
  readonly isClosing: () => boolean;
}

/** Operations of fauxqs, and the IAM action if it has another name (SQS: a batch needs the single action). */
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
  // message-moves.ts serves these, not fauxqs.
  StartMessageMoveTask: 'StartMessageMoveTask',
  ListMessageMoveTasks: 'ListMessageMoveTasks',
};

/** SQS over its JSON protocol, which all SDKs speak since 2023; the older query protocol is not emulated. */
export function createSqs({ identity, forward, gatewayHost, isClosing }: SqsOptions): ServiceHandler {
  const moves = createMessageMoves(forward);
  const senders = createSenders();
  /** The policies of queues that have one, by name. */
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
      const fault =
        (operation === 'SendMessage' && findMessageFault(body)) ||
        findCallFault(operation, body) ||
        (await findRedriveFault(request, body, forward));
      if (fault) return formatAwsError(request, 400, fault.code, fault.message);
      if (operation === 'StartMessageMoveTask') return await moves.start(request, body);
      if (operation === 'ListMessageMoveTasks') return moves.list(body);
      if (operation === 'ReceiveMessage')
        return await senders.name(await receive(request, forward, isClosing));
      const answer = isBatch.has(operation) ? forwardBatch(request, body, forward) : forward(request);
      const response = await (actions[operation] === 'SendMessage' ? senders.watch(request, answer) : answer);
      if (response.status === 200) keepPolicy(operation, body);
      return response.status === 200 && namesQueues.has(operation)
        ? withQueueUrls(response, gatewayHost())
        : response;
    },
  };
}

const isBatch: ReadonlySet<string> = new Set([
  'SendMessageBatch',
  'DeleteMessageBatch',
  'ChangeMessageVisibilityBatch',
]);

/** An entry that SQS refuses is among `Failed` of the answer; the others go on. */
async function forwardBatch(
  request: ApiRequest,
  body: Readonly<Record<string, unknown>>,
  forward: Forward,
): Promise<ApiResponse> {
  const entries = Array.isArray(body.Entries) ? body.Entries.filter(isRecord) : [];
  const faults = entries.map((entry) => faultOfEntry(entry));
  const Failed = entries.flatMap(({ Id }, index) => {
    const { code, message } = faults[index] ?? {};
    return code === undefined ? [] : [{ Id, Code: code, Message: message, SenderFault: true }];
  });
  if (Failed.length === 0) return await forward(request);
  const Entries = entries.filter((_, index) => !faults[index]);
  const response =
    Entries.length > 0 ? await forward(request, JSON.stringify({ ...body, Entries })) : undefined;
  if (response && response.status !== 200) return response;
  const { Successful = [], Failed: others = [] } = parseJsonObject(response?.body ?? '') ?? {};
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ Successful, Failed: [...(others as unknown[]), ...Failed] }),
  };
}

function faultOfEntry(entry: Readonly<Record<string, unknown>>): Refusal | undefined {
  if (!('ReceiptHandle' in entry)) return findMessageFault(entry);
  return isHandle(entry.ReceiptHandle) ? undefined : badHandle;
}

async function findRedriveFault(
  request: ApiRequest,
  body: Readonly<Record<string, unknown>>,
  forward: Forward,
): Promise<Refusal | undefined> {
  const redrive = readDeadLetterQueue(body);
  if (!redrive) return undefined;
  const headers = { ...request.headers, 'x-amz-target': 'AmazonSQS.GetQueueUrl' };
  const { status } = await forward({ ...request, headers }, JSON.stringify({ QueueName: redrive.name }));
  if (status === 200) return undefined;
  return {
    code: 'InvalidParameterValue',
    message: `Value ${redrive.policy} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
  };
}

/** fauxqs ends all long polls on a queue when one message comes. In SQS, polls without a message continue to wait. */
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

/** These name a queue; the others have its URL. */
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
