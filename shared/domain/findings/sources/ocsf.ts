import * as z from 'zod/mini';
import '../../schema-language';
import type { Severity } from '../../configuration';
import { isObject, withoutNulls } from '../../json';
import { clip } from '../../text';
import { type Account, isThingName } from '../../thing-ref';
import type { ExternalFinding, Reading } from '../finding';

/**
 * Detection Findings of OCSF (class 2004) as a sender of `sources.external` publishes them. What the schema requires is
 * required here (github.com/ocsf/ocsf-schema: events/base_event.json, events/findings/finding.json,
 * objects/finding_info.json); of the rest, Cordon reads a few fields, and is silent about others. The class is as old as
 * schema 1.1, but products call their findings 1.0 too.
 */

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));
const place = { region: z.optional(z.string()) };
const account = z.optional(z.object({ uid: z.optional(z.union([z.string(), z.int()])) }));

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
  time: z.number(),
  metadata: z.object({
    version: z.string().check(z.regex(/^1\.\d{1,2}\b/, 'expected OCSF 1.x')),
    product: z.object({ name: z.optional(z.string()), vendor_name: z.optional(z.string()) }),
  }),
  finding_info: z.object({
    uid: text(512),
    title: z.optional(z.string()),
    modified_time: z.optional(z.number()),
    src_url: z.optional(z.string()),
  }),
  status_id: z.optional(z.int()),
  status_code: z.optional(z.string()),
  message: z.optional(z.string()),
  cloud: z.optional(z.object({ account, ...place })),
  resources: z.optional(z.array(resource)),
  device: z.optional(
    z.object({
      uid: z.optional(z.string()),
      name: z.optional(z.string()),
      hostname: z.optional(z.string()),
    }),
  ),
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

/**
 * Reads one message of a sender: a finding, a list of some, or an event of EventBridge that has some in its detail. One at
 * fault holds up none of the others. Never throws.
 */
export function readExternal(message: unknown, arrival: Arrival): Reading[] {
  const documents = unwrap(message);
  if (documents.length > mostThings)
    return [reject(`has ${documents.length} findings: at most ${mostThings}`)];
  const readings = documents.map((document) => readFinding(document, arrival));
  const [first = reject('has no finding')] = readings;
  if (readings.length <= 1) return [first];
  const findings = readings.flatMap((reading) => (reading.kind === 'findings' ? reading.findings : []));
  const ignored = readings.find(({ kind }) => kind === 'ignored');
  const faults = readings.flatMap((reading, index) =>
    reading.kind === 'rejected' ? [`finding ${index}: ${reading.reason}`] : [],
  );
  return [
    ...(findings.length > 0 ? [{ kind: 'findings' as const, findings }] : []),
    ...(ignored ? [ignored] : []),
    ...(faults.length > 0 ? [reject(faults.join('; '))] : []),
  ];
}

function unwrap(message: unknown): unknown[] {
  if (Array.isArray(message)) return message;
  if (!isObject(message) || typeof message['detail-type'] !== 'string') return [message];
  const { detail } = message;
  return isObject(detail) && Array.isArray(detail.findings) ? detail.findings : [detail];
}

function readFinding(document: unknown, arrival: Arrival): Reading {
  const other = findOtherFormat(document);
  if (other !== undefined)
    return reject(`${other}: send it as a Detection Finding of OCSF that names the thing`);
  const result = detectionFinding.safeParse(withoutNulls(document));
  if (!result.success) {
    const issue = result.error.issues[0];
    return reject(`not an OCSF Detection Finding: ${issue?.path.join('.') || 'message'}: ${issue?.message}`);
  }
  const { data } = result;
  const over = findIgnored(data);
  if (over !== undefined) return { kind: 'ignored', reason: over };
  const { time, finding_info: info } = data;
  const occurredAt = Math.max(toMs(time), toMs(info.modified_time ?? 0));
  const ageFault = judgeAge(occurredAt, arrival);
  if (ageFault !== undefined) return reject(ageFault);
  const named = findThings(data, arrival.own);
  if ('fault' in named) return reject(named.fault);
  const findings = named.things.map((thingName) =>
    toFinding(data, { thingName, occurredAt, source: arrival.source }),
  );
  return { kind: 'findings', findings };
}

/** Formats of AWS that Cordon does not read. */
function findOtherFormat(document: unknown): string | undefined {
  if (!isObject(document)) return undefined;
  const { resource = document.Resource } = document;
  const version = document.schemaVersion ?? document.SchemaVersion;
  if (version === undefined) return undefined;
  if ('ProductArn' in document) return 'a finding in the format of Security Hub CSPM (ASFF)';
  return isObject(resource)
    ? `a GuardDuty finding about ${clip(String(resource.resourceType ?? resource.ResourceType), 64)}`
    : undefined;
}

/** The schema requires milliseconds, and products such as Prowler and Okta send seconds. None is of before March 1973. */
function toMs(time: number): number {
  return Math.round(Math.abs(time) < 100_000_000_000 ? time * 1_000 : time);
}

/** Findings that say that something is over: a sender can't clear or release. Cordon's own would only come back. */
function findIgnored({
  activity_id: activity,
  status_id: status,
  status_code: code = '',
  metadata,
}: DetectionFinding): string | undefined {
  if (metadata.product.vendor_name === 'Cordon') return 'a finding of Cordon itself';
  if (activity === 3 || (status !== undefined && status >= 3 && status <= 6))
    return 'the sender closed the finding: only an operator or time ends a case';
  if (/^pass(ed)?$/i.test(code)) return 'a check that passed';
  return undefined;
}

function judgeAge(occurredAt: number, { arrivedAt, maxAge, source }: Arrival): string | undefined {
  const age = arrivedAt - occurredAt;
  if (age > maxAge)
    return `is ${Math.round(age / 1_000)} s old: ${source} may send findings of the last ${maxAge / 1_000} s (maxAge)`;
  return age < -aheadMs
    ? `is dated ${Math.round(-age / 1_000)} s ahead: time and modified_time are epoch ms or seconds`
    : undefined;
}

type Named = { readonly things: readonly string[] } | { readonly fault: string };

/** Names in IoT: an ARN says which account's thing it is; where a name stands alone, the finding's cloud says it. */
function findThings({ resources = [], device, cloud }: DetectionFinding, own: Account): Named {
  const things = new Set<string>();
  const about = { account: toText(cloud?.account?.uid), region: cloud?.region };
  for (const [index, { uid, name, type, region, owner }] of resources.entries()) {
    if (!isThing(uid, type)) continue;
    const said = { account: toText(owner?.account?.uid) ?? about.account, region: region ?? about.region };
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
    return {
      fault:
        'names no thing: expected a resource with the ARN of a thing as uid, one of type AWS::IoT::Thing, or a device',
    };
  if (things.size > mostThings) return { fault: `names ${things.size} things: at most ${mostThings}` };
  return { things: [...things] };
}

const thingArn = /^arn:[\w-]+:iot:([\w-]*):(\d*):thing\/(.*)$/s;

function isThing(uid: string | undefined, type: string | undefined): boolean {
  return /^AWS::IoT::Thing$/i.test(type ?? '') || thingArn.test(uid ?? '');
}

/** Some products write account ids as numbers. */
function toText(account: string | number | undefined): string | undefined {
  return typeof account === 'number' ? String(account).padStart(12, '0') : account;
}

interface NamedObject {
  readonly uid?: string | undefined;
  readonly name?: string | undefined;
  readonly hostname?: string | undefined;
}

function readThing(
  path: string,
  { uid, name, hostname }: NamedObject,
  said: { readonly [Part in keyof Account]: string | undefined },
  own: Account,
): { readonly thing: string } | { readonly fault: string } {
  const [, region, account, ofArn] = thingArn.exec(uid ?? '') ?? [];
  const { account: ofAccount = own.account, region: ofRegion = own.region } =
    ofArn === undefined ? said : { account, region };
  if (ofAccount !== own.account || ofRegion !== own.region)
    return {
      fault: `${path}: a thing of ${clip(`${ofAccount}/${ofRegion}`, 64)}, and Cordon acts on things of its own account and region only`,
    };
  // A product may have ids and titles of its own beside the name.
  const names = ofArn === undefined ? [name, uid, hostname] : [ofArn];
  const thing = names.find(isThingName);
  const [first = ''] = names.filter((one) => one !== undefined);
  return thing === undefined
    ? { fault: `${path}: no thing is named ${clip(JSON.stringify(first), 200)}` }
    : { thing };
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
