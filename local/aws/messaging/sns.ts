import type { ApiRequest, ApiResponse, AwsIdentity, PolicyDocument, ServiceHandler } from '../../types';
import { escapeXml, formatAwsError } from '../wire/aws-error';
import type { Forward } from '../wire/forward';
import { parseJsonObject } from '../wire/json';
import type { Mailbox } from './email';
import { readAttribute } from './filter-policy';
import { findAttributeFault } from './message-attributes';
import type { Refusal } from './sqs-rules';

/** Operations of fauxqs; the value is the parameter that names the IAM resource, or null if IAM has none. */
const operations: Readonly<Record<string, string | null>> = {
  CreateTopic: 'Name',
  DeleteTopic: 'TopicArn',
  ListTopics: null,
  GetTopicAttributes: 'TopicArn',
  SetTopicAttributes: 'TopicArn',
  Subscribe: 'TopicArn',
  Unsubscribe: null,
  ConfirmSubscription: 'TopicArn',
  ListSubscriptions: null,
  ListSubscriptionsByTopic: 'TopicArn',
  GetSubscriptionAttributes: null,
  SetSubscriptionAttributes: null,
  Publish: 'TopicArn',
  PublishBatch: 'TopicArn',
  TagResource: 'ResourceArn',
  UntagResource: 'ResourceArn',
  ListTagsForResource: 'ResourceArn',
};

/** All messages of a batch together, and a message with what it says to each protocol (API reference, Publish, PublishBatch). */
const maxBytes = 262_144;

/** One message of a Publish or of an entry of a PublishBatch; `prefix` leads to its parameters. */
interface Publication {
  readonly prefix: string;
  readonly id: string;
  readonly message: string;
  readonly subject: string | undefined;
  readonly structured: Record<string, unknown> | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The attributes as they were sent. */
  readonly given: Readonly<Record<string, unknown>>;
}

export function createSns(identity: AwsIdentity, forward: Forward, mailbox: Mailbox): ServiceHandler {
  /** The policies of topics that have one, by ARN. */
  const policies = new Map<string, PolicyDocument>();

  async function publish(request: ApiRequest, form: URLSearchParams): Promise<ApiResponse> {
    const publications = readPublications(form);
    const isBatch = form.get('Action') === 'PublishBatch';
    for (const { prefix, message, structured, subject, given } of publications) {
      const problem =
        !isBatch && Buffer.byteLength(message) > maxBytes
          ? 'Message too long'
          : problemOf(form.get(`${prefix}MessageStructure`), structured, subject);
      if (problem) return formatAwsError(request, 400, 'InvalidParameter', `Invalid parameter: ${problem}`);
      const fault = findAttributeFault(given, Number.POSITIVE_INFINITY);
      if (fault) return formatAwsError(request, 400, 'ParameterValueInvalid', fault);
    }
    if (isBatch && publications.reduce((sum, one) => sum + Buffer.byteLength(one.message), 0) > maxBytes)
      return formatAwsError(request, 400, 'BatchRequestTooLong', 'The batch is longer than 262144 bytes');
    // fauxqs ignores MessageStructure and delivers to queues only, so it gets what a queue should get.
    for (const { prefix, structured } of publications) {
      if (structured) form.set(`${prefix}Message`, bodyFor('sqs', structured));
    }
    const topicArn = form.get('TopicArn') ?? form.get('TargetArn') ?? '';
    form.set('TopicArn', topicArn);
    const response = await forward(request, form.toString());
    if (response.status !== 200) return response;
    const text = String(response.body);
    for (const publication of publications) {
      const messageId = messageIdOf(text, publication.id);
      if (messageId === undefined) continue;
      const { message, structured, subject, attributes } = publication;
      const body = structured ? (protocol: string) => bodyFor(protocol, structured) : () => message;
      mailbox.deliver({ topicArn, messageId, subject, attributes, body });
    }
    return response;
  }

  function keepPolicy(topicArn: string, text: string): void {
    const document = parseJsonObject(text);
    if (document) policies.set(topicArn, document as unknown as PolicyDocument);
  }

  return {
    identify(request) {
      const form = readForm(request);
      const operation = form.get('Action') ?? '';
      if (!Object.hasOwn(operations, operation)) return undefined;
      const action = `sns:${operation === 'PublishBatch' ? 'Publish' : operation}`;
      const parameter = operations[operation];
      const named = parameter && (form.get(parameter) ?? (action === 'sns:Publish' && form.get('TargetArn')));
      if (!named) return { action, resources: ['*'] };
      const { partition, region, accountId } = identity;
      const arn = parameter === 'Name' ? `arn:${partition}:sns:${region}:${accountId}:${named}` : named;
      const ofResource = action === 'sns:Publish' ? policies.get(arn) : undefined;
      return { action, resources: [arn], ...(ofResource && { ofResource }) };
    },
    async handle(request) {
      const form = readForm(request);
      const operation = form.get('Action');
      const fault = faultOf(form);
      if (fault) return formatAwsError(request, 400, fault.code, fault.message);
      if (operation === 'Publish' || operation === 'PublishBatch') return await publish(request, form);
      if (operation === 'ListSubscriptionsByTopic') {
        const asked = new URLSearchParams({
          Action: 'GetTopicAttributes',
          TopicArn: form.get('TopicArn') ?? '',
        });
        const topic = await forward(request, asked.toString());
        if (topic.status !== 200) return topic;
      }
      const response = await forward(request, form.toString());
      if (response.status !== 200) return response;
      mailbox.follow(form, String(response.body));
      if (operation === 'DeleteTopic') policies.delete(form.get('TopicArn') ?? '');
      if (operation === 'SetTopicAttributes' && form.get('AttributeName') === 'Policy')
        keepPolicy(form.get('TopicArn') ?? '', form.get('AttributeValue') ?? '');
      return operation === 'GetTopicAttributes' ? addPolicy(response, form.get('TopicArn') ?? '') : response;
    },
  };
}

/** A topic that was given no policy has this one; CloudWatch publishes alarms by it. fauxqs shows none. */
function addPolicy(response: ApiResponse, topicArn: string): ApiResponse {
  const body = String(response.body);
  if (response.status !== 200 || body.includes('<key>Policy</key>')) return response;
  const calls = [
    'GetTopicAttributes',
    'SetTopicAttributes',
    'AddPermission',
    'RemovePermission',
    'DeleteTopic',
  ];
  const statement = {
    Sid: '__default_statement_ID',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: [...calls, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((name) => `SNS:${name}`),
    Resource: topicArn,
    Condition: { StringEquals: { 'AWS:SourceOwner': topicArn.split(':')[4] } },
  };
  const policy = { Version: '2008-10-17', Id: '__default_policy_ID', Statement: [statement] };
  const entry = `<entry><key>Policy</key><value>${escapeXml(JSON.stringify(policy))}</value></entry>`;
  return { ...response, body: body.replace('<Attributes>', `<Attributes>${entry}`) };
}

/** Keeps the last value of each name, so that IAM judges the same values on which fauxqs then acts. */
function readForm({ body, query }: ApiRequest): URLSearchParams {
  const sent = body.length > 0 ? new URLSearchParams(body.toString()) : query;
  return new URLSearchParams(Object.fromEntries(sent));
}

function readPublications(form: URLSearchParams): Publication[] {
  if (form.get('Action') === 'Publish') return [readPublication(form, '')];
  const prefixes = new Set<string>();
  for (const name of form.keys()) {
    const prefix = /^PublishBatchRequestEntries\.member\.\d+\./.exec(name)?.[0];
    if (prefix !== undefined) prefixes.add(prefix);
  }
  return [...prefixes].map((prefix) => readPublication(form, prefix));
}

function readPublication(form: URLSearchParams, prefix: string): Publication {
  const message = form.get(`${prefix}Message`) ?? '';
  const attributes = Object.create(null) as Record<string, unknown>;
  const given = Object.create(null) as Record<string, unknown>;
  for (let index = 1; form.has(`${prefix}MessageAttributes.entry.${index}.Name`); index++) {
    const entry = `${prefix}MessageAttributes.entry.${index}.`;
    const name = form.get(`${entry}Name`) ?? '';
    given[name] = Object.fromEntries(
      ['DataType', 'StringValue', 'BinaryValue'].map((field) => [field, form.get(`${entry}Value.${field}`)]),
    );
    attributes[name] = readAttribute(
      form.get(`${entry}Value.DataType`) ?? 'String',
      form.get(`${entry}Value.StringValue`) ?? '',
    );
  }
  return {
    prefix,
    id: form.get(`${prefix}Id`) ?? '',
    message,
    subject: form.get(`${prefix}Subject`) ?? undefined,
    structured: form.get(`${prefix}MessageStructure`) === 'json' ? parseJsonObject(message) : undefined,
    attributes,
    given,
  };
}

/** Faults of the other calls that SNS refuses and fauxqs accepts. */
function faultOf(form: URLSearchParams): Refusal | undefined {
  const named = ['TopicArn', 'SubscriptionArn'].find((name) => form.get(name) !== null);
  const parts = (named ? (form.get(named) ?? '') : '').split(':').length;
  if (named && parts < 6)
    return invalid(`${named} Reason: An ARN must have at least 6 elements, not ${parts}`);
  if (form.get('Action') !== 'Subscribe') return undefined;
  const [protocol, endpoint = ''] = [form.get('Protocol'), form.get('Endpoint') ?? ''];
  if (protocol === 'sqs' && !/^arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]+(\.fifo)?$/.test(endpoint))
    return invalid('SQS endpoint ARN');
  return protocol === 'email' && !/^[^@\s]+@[^@\s]+$/.test(endpoint) ? invalid('Email address') : undefined;
}

const invalid = (text: string): Refusal => ({
  code: 'InvalidParameter',
  message: `Invalid parameter: ${text}`,
});

/** The checks of SNS that fauxqs does not make (SNS API reference, Publish). */
function problemOf(
  structure: string | null,
  structured: Record<string, unknown> | undefined,
  subject: string | undefined,
): string | undefined {
  if (structure === 'json' && !structured) return 'Message Structure - JSON message body failed to parse';
  if (structured && typeof structured.default !== 'string') {
    return 'Message Structure - No default entry in JSON message body';
  }
  if (subject !== undefined && !/^[\p{L}\p{N}\p{P}][^\p{Cc}\p{Zl}\p{Zp}]{0,98}$/u.test(subject))
    return 'Subject';
  return undefined;
}

function bodyFor(protocol: string, structured: Record<string, unknown>): string {
  const own = structured[protocol];
  return typeof own === 'string' ? own : String(structured.default);
}

/** In a batch only the entries under `Successful` carry a MessageId. */
function messageIdOf(xml: string, entryId: string): string | undefined {
  if (entryId === '') return /<MessageId>([^<]+)</.exec(xml)?.[1];
  if (!/^[\w-]{1,80}$/.test(entryId)) return undefined;
  return new RegExp(`<Id>${entryId}</Id><MessageId>([^<]+)<`).exec(xml)?.[1];
}
