import * as z from 'zod/mini';
import '../../schema-language';
import type { Severity } from '../../configuration';
import { isObject } from '../../json';
import { clip } from '../../text';
import { type Account, isThingName } from '../../thing-ref';
import type { ExternalFinding, Reading } from '../finding';

/**
 * Detection Findings of OCSF (class 2004) as a sender of `sources.external` publishes them, from schema 1.1 on. What the
 * schema requires is required here (github.com/ocsf/ocsf-schema: events/base_event.json, events/findings/finding.json,
 * objects/finding_info.json); of the rest, Cordon reads a few fields, and is silent about others.
 */

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const place = { region: z.optional(z.string()) };
const account = z.optional(z.object({ uid: z.optional(z.string()) }));

const resource = z.object({
  uid: z.optional(z.string()),
  name: z.optional(z.string()),
  type: z.optional(z.string()),
  ...place,
  owner: z.optional(z.object({ account })),
});

/** docs/external-finding.schema.json has it as JSON Schema. */
export const detectionFinding = z.object({
  class_uid: z.literal(2004, 'expected 2004, a Detection Finding'),
  category_uid: z.literal(2, 'expected 2, findings'),
  activity_id: z.int(),
  type_uid: z.int(),
  severity_id: z.int(),
  time: z.int(),
  metadata: z.object({
    version: z.string().check(z.regex(/^1\.[1-9]\d?\./, 'expected OCSF 1.1 or a later 1.x')),
    product: z.object({ name: z.optional(z.string()), vendor_name: z.optional(z.string()) }),
  }),
  finding_info: z.object({
    uid: text(256),
    title: z.optional(z.string()),
    modified_time: z.optional(z.int()),
    src_url: z.optional(z.string()),
  }),
  status_id: z.optional(z.int()),
  message: z.optional(z.string()),
  cloud: z.optional(z.object({ account, ...place })),
  resources: z.optional(z.array(resource)),
  device: z.optional(z.object({ uid: z.optional(z.string()), name: z.optional(z.string()) })),
});

type DetectionFinding = z.output<typeof detectionFinding>;

export interface Arrival {
  /** The sender's name, by the topic that the message came by. */
  readonly source: string;
  /** Older findings are set aside, since they may be repeats; so are later ones, which could be repeated until then. */
  readonly maxAge: number;
  readonly arrivedAt: number;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
}

/** How far a sender's clock may be ahead. */
const aheadMs = 5 * 60_000;
const mostThings = 10;

/** Reads one message of a sender: a finding, or an event of EventBridge that has some in its detail. Never throws. */
export function readExternal(message: unknown, arrival: Arrival): Reading {
  const documents = unwrap(message);
  if (documents.length > mostThings) return reject(`has ${documents.length} findings: at most ${mostThings}`);
  const readings = documents.map((document) => readFinding(document, arrival));
  const fault = readings.find(({ kind }) => kind === 'rejected');
  if (fault) return fault;
  const findings = readings.flatMap((reading) => (reading.kind === 'findings' ? reading.findings : []));
  return findings.length > 0 ? { kind: 'findings', findings } : (readings[0] ?? reject('has no finding'));
}

/** An event carries a finding, or a list of them. */
function unwrap(message: unknown): unknown[] {
  if (!isObject(message) || typeof message['detail-type'] !== 'string') return [message];
  const { detail } = message;
  return isObject(detail) && Array.isArray(detail.findings) ? detail.findings : [detail];
}

function readFinding(document: unknown, arrival: Arrival): Reading {
  if (isObject(document) && isObject(document.resource) && 'schemaVersion' in document)
    return reject(
      `a GuardDuty finding about ${clip(String(document.resource.resourceType), 64)} names no IoT thing: send a Detection Finding that does`,
    );
  if (isObject(document) && 'SchemaVersion' in document && 'ProductArn' in document)
    return reject(
      'a finding in the format of Security Hub CSPM (ASFF) names no IoT thing: send a Detection Finding that does',
    );
  const result = detectionFinding.safeParse(document);
  if (!result.success) {
    const issue = result.error.issues[0];
    return reject(`not an OCSF Detection Finding: ${issue?.path.join('.') || 'message'}: ${issue?.message}`);
  }
  const { data } = result;
  const over = findIgnored(data);
  if (over !== undefined) return { kind: 'ignored', reason: over };
  const { time, finding_info: info } = data;
  const occurredAt = Math.max(time, info.modified_time ?? 0);
  const ageFault = judgeAge(occurredAt, arrival);
  if (ageFault !== undefined) return reject(ageFault);
  const named = findThings(data, arrival.own);
  if ('fault' in named) return reject(named.fault);
  const findings = named.things.map((thingName) =>
    toFinding(data, { thingName, occurredAt, source: arrival.source }),
  );
  return { kind: 'findings', findings };
}

/** Findings that say that something is over: a sender can't clear or release. Cordon's own would only come back. */
function findIgnored({
  activity_id: activity,
  status_id: status,
  metadata,
}: DetectionFinding): string | undefined {
  if (metadata.product.vendor_name === 'Cordon') return 'a finding of Cordon itself';
  if (activity === 3 || (status !== undefined && status >= 3 && status <= 6))
    return 'the sender closed the finding: only an operator or time ends a case';
  return undefined;
}

function judgeAge(occurredAt: number, { arrivedAt, maxAge, source }: Arrival): string | undefined {
  const age = arrivedAt - occurredAt;
  if (age > maxAge)
    return `is ${Math.round(age / 1_000)} s old: ${source} may send findings of the last ${maxAge / 1_000} s (maxAge)`;
  return age < -aheadMs
    ? `is dated ${Math.round(-age / 1_000)} s ahead: time and modified_time are epoch ms`
    : undefined;
}

type Named = { readonly things: readonly string[] } | { readonly fault: string };

/** Names in IoT: an ARN says which account's thing it is; where a name stands alone, the finding's cloud says it. */
function findThings({ resources = [], device, cloud }: DetectionFinding, own: Account): Named {
  const things = new Set<string>();
  const about = { account: cloud?.account?.uid, region: cloud?.region };
  for (const [index, { uid, name, type, region, owner }] of resources.entries()) {
    if (!isThing(uid, type)) continue;
    const said = { account: owner?.account?.uid ?? about.account, region: region ?? about.region };
    const read = readThing(`resources.${index}`, { uid, name }, said, own);
    if ('fault' in read) return read;
    things.add(read.thing);
  }
  if (things.size === 0 && device) {
    const read = readThing('device', device, about, own);
    if ('fault' in read) return read;
    things.add(read.thing);
  }
  if (things.size === 0)
    return { fault: 'names no thing: expected a resource of type AWS::IoT::Thing, or a device' };
  if (things.size > mostThings) return { fault: `names ${things.size} things: at most ${mostThings}` };
  return { things: [...things] };
}

const thingArn = /^arn:[\w-]+:iot:([\w-]*):(\d*):thing\/(.*)$/s;

function isThing(uid: string | undefined, type: string | undefined): boolean {
  return /^AWS::IoT::Thing$/i.test(type ?? '') || thingArn.test(uid ?? '');
}

function readThing(
  path: string,
  { uid, name }: { readonly uid?: string | undefined; readonly name?: string | undefined },
  said: { readonly [Part in keyof Account]: string | undefined },
  own: Account,
): { readonly thing: string } | { readonly fault: string } {
  const [, region, account, ofArn] = thingArn.exec(uid ?? '') ?? [];
  const where = ofArn === undefined ? said : { region, account };
  const thing = ofArn ?? name ?? uid;
  if ((where.account ?? own.account) !== own.account || (where.region ?? own.region) !== own.region)
    return {
      fault: `${path}: a thing of ${clip(`${where.account}/${where.region}`, 64)}, and Cordon acts on things of its own account and region only`,
    };
  return isThingName(thing)
    ? { thing }
    : { fault: `${path}: no thing is named ${clip(JSON.stringify(thing ?? ''), 200)}` };
}

/** By severity_id; one that is unknown or the sender's own is medium. */
const severities: Readonly<Record<number, Severity>> = {
  1: 'low',
  2: 'low',
  3: 'medium',
  4: 'high',
  5: 'critical',
  6: 'critical',
};

function toFinding(
  { severity_id: severity, metadata: { product }, finding_info: info, message }: DetectionFinding,
  about: Pick<ExternalFinding, 'thingName' | 'occurredAt' | 'source'>,
): ExternalFinding {
  const { src_url: url = '' } = info;
  return {
    kind: 'external',
    detector: 'external',
    eventType: 'in-alarm',
    ...about,
    violationId: info.uid,
    title: clip(info.title || message || info.uid, 300),
    severity: severities[severity] ?? 'medium',
    ...(product.name && { product: clip(product.name, 100) }),
    ...(/^https:\/\/[^\s<>"]{1,500}$/.test(url) && { url }),
  };
}

function reject(reason: string): Reading {
  return { kind: 'rejected', reason: clip(reason, 500) };
}
