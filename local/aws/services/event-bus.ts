import * as z from 'zod';
import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import type { PatternDefinition } from '../cloudformation/resources/resource-type';
import { matchesFilterPolicy } from '../messaging/filter-policy';
import { formatAwsError } from '../wire/aws-error';
import { parseJsonObject } from '../wire/json';

interface LocalEvent {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface PatternRule extends PatternDefinition {
  /** Publishes to a target, as EventBridge and for this rule. */
  readonly publish: (topicArn: string, message: string) => Promise<void>;
}

export interface LocalEventBus {
  readonly handler: ServiceHandler;
  events(): readonly LocalEvent[];
  addRule(rule: PatternRule): void;
  findRule(name: string): PatternRule | undefined;
}

/** EventBridge API reference, PutEventsRequestEntry. */
const entry = z.strictObject({
  Source: z.string().max(256).optional(),
  DetailType: z.string().max(128).optional(),
  EventBusName: z
    .string()
    .regex(/^[\w./:-]{1,1600}$/)
    .optional(),
  Time: z.number().optional(),
  Resources: z.array(z.string().max(2_048)).optional(),
  Detail: z.string().optional(),
});
const putEvents = z.strictObject({ Entries: z.array(entry).min(1).max(10) });
const detailOf = z.record(z.string(), z.unknown());

/** The largest request (EventBridge user guide, "Calculating PutEvents event entry size"). */
const requestMax = 256 * 1_024;
/** A time counts for 14 bytes. */
const timeBytes = 14;

type Entry = z.output<typeof entry>;

/** The event buses of the account: what is put on them is kept, and goes to the targets of the default bus's rules. */
export function createEventBus(
  { partition, region, accountId }: AwsIdentity,
  buses: readonly string[] = ['default'],
): LocalEventBus {
  const events: LocalEvent[] = [];
  const rules = new Map<string, PatternRule>();
  const prefix = `arn:${partition}:events:${region}:${accountId}:event-bus/`;
  const nameOf = ({ EventBusName = 'default' }: Entry) => EventBusName.replace(prefix, '');

  function put(one: Entry): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
    const { Source = '', DetailType = '', Detail = '' } = one;
    const bus = nameOf(one);
    const fail = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
    if (Source === '')
      return fail('InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.');
    if (DetailType === '')
      return fail(
        'InvalidArgument',
        'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      );
    if (Detail === '')
      return fail('InvalidArgument', 'Parameter Detail is not valid. Reason: Detail is a required argument.');
    if (Source.startsWith('aws.'))
      return fail('NotAuthorizedForSourceException', 'Not authorized for the source.');
    if (!buses.includes(bus)) return fail('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
    const detail = detailOf.safeParse(parseJsonObject(Detail));
    if (!detail.success) return fail('MalformedDetail', 'Detail is malformed.');
    events.push({ bus, source: Source, detailType: DetailType, detail: detail.data });
    const EventId = crypto.randomUUID();
    if (bus === 'default') deliver(EventId, one, detail.data);
    return { EventId };
  }

  /** EventBridge answers before it delivers. */
  function deliver(id: string, one: Entry, detail: LocalEvent['detail']): void {
    const event = {
      ...{ version: '0', id, 'detail-type': one.DetailType, source: one.Source, account: accountId },
      ...{ time: new Date((one.Time ?? Date.now() / 1_000) * 1_000).toISOString(), region },
      ...{ resources: one.Resources ?? [], detail },
    };
    for (const { enabled, pattern, targets, publish } of rules.values())
      if (enabled && matchesFilterPolicy(pattern, event))
        for (const { Arn } of targets) void publish(Arn, JSON.stringify(event));
  }

  return {
    events: () => events,
    addRule: (rule) => void rules.set(rule.name, rule),
    findRule: (name) => rules.get(name),
    handler: {
      identify: (request) => {
        if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') return undefined;
        const asked = readRequest(request)?.Entries ?? [];
        return {
          action: 'events:PutEvents',
          resources: asked.length > 0 ? [...new Set(asked.map((one) => prefix + nameOf(one)))] : ['*'],
        };
      },
      handle: async (request) => {
        const given = readRequest(request);
        if (!given) return refuse(request, 'The request is not valid: 1 to 10 entries of known fields.');
        const bytes = given.Entries.reduce((sum, one) => sum + sizeOf(one), 0);
        if (bytes > requestMax)
          return refuse(request, 'Total size of the entries in the request is over the limit.');
        const Entries = given.Entries.map(put);
        const FailedEntryCount = Entries.filter((one) => 'ErrorCode' in one).length;
        return {
          status: 200,
          headers: { 'content-type': 'application/x-amz-json-1.1' },
          body: JSON.stringify({ FailedEntryCount, Entries }),
        };
      },
    },
  };
}

function readRequest({ body }: ApiRequest): z.output<typeof putEvents> | undefined {
  return putEvents.safeParse(parseJsonObject(body)).data;
}

function sizeOf({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : timeBytes);
}

function refuse(request: ApiRequest, message: string): ApiResponse {
  return formatAwsError(request, 400, 'ValidationException', message);
}
