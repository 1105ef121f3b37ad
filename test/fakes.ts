import type { SQSRecord } from 'aws-lambda';
import { decode } from 'cborg';
import type { Lease } from '../shared/domain/actions/lease';
import { type Case, type ClosedCase, isOpen } from '../shared/domain/case/case';
import { type ClientUser, followUser, isNews, keepNewest } from '../shared/domain/case/client-ids';
import { heldObjects } from '../shared/domain/case/held-objects';
import { holdsThing } from '../shared/domain/case/ledger-entry';
import type { Refusal } from '../shared/domain/case/reasons';
import { type DueKind, findDueKind } from '../shared/domain/case/timers';
import type { Command } from '../shared/domain/decide/command';
import { describeEntry } from '../shared/domain/messages/describe-event';
import { isThingName, type ThingKey, thingKey } from '../shared/domain/thing-ref';
import { VersionConflictError } from '../shared/errors';
import type { CommandQueue, Connections, DeadLetters, Things } from '../shared/ports/aws';
import type { Log, Metrics } from '../shared/ports/runtime';
import type {
  CaseStore,
  ClientIds,
  DetectionReset,
  FleetLimit,
  FleetSize,
  HeldThings,
  Leases,
  Refusals,
  Versioned,
} from '../shared/ports/storage';
import { hashRow, type TimelineRow } from '../shared/timeline';
import { awsError } from './aws-error';
import { certificateArn, now } from './builders';

/** In-memory ports that answer as AWS does. */

export function fakeStore<T>(keyOf: (value: T) => string) {
  const items = new Map<string, Versioned<T>>();
  return {
    items,
    async load(key: string): Promise<Versioned<T> | undefined> {
      return structuredClone(items.get(key));
    },
    async save(value: T, previous: number): Promise<number> {
      const key = keyOf(value);
      if ((items.get(key)?.version ?? 0) !== previous) throw new VersionConflictError(key);
      // The fake drops undefined fields, as the table does.
      items.set(key, { value: JSON.parse(JSON.stringify(value)), version: previous + 1 });
      return previous + 1;
    },
  };
}

const tightPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IoT policies.
      Resource: 'arn:aws:iot:us-east-1:000000000000:client/${iot:Connection.Thing.ThingName}',
    },
  ],
});

export function fakeCases() {
  const fleet: { size: FleetSize | undefined } = { size: undefined };
  const store = fakeStore<Case>(({ thingName }) => thingName);
  const timeline = new Map<string, TimelineRow>();
  const archived = new Map<string, ClosedCase>();
  const refusals = new Map<string, Refusal>();
  const places = new Map<string, number>();
  const notices = new Map<string, { readonly caseId: string; readonly at: number }>();
  const cases: CaseStore = {
    load: store.load,
    save: store.save,
    async appendTimeline({ caseId, thingName, outbox, timelineHead, timelineSeq }) {
      const entries = outbox.timeline.map(describeEntry);
      const sk = `${String(entries[0]?.at ?? 0).padStart(15, '0')}#${String(timelineSeq).padStart(6, '0')}`;
      const row = { caseId, thingName, sk, entries, previousHash: timelineHead };
      const hash = hashRow(row);
      timeline.set(`${caseId}#${sk}`, { ...row, hash });
      return hash;
    },
    async archive(record) {
      archived.set(record.caseId, structuredClone(record));
    },
    listDue: async (at, limit) => listDueCases(at, limit, 'DUE'),
    listRetries: async (at, limit) => listDueCases(at, limit, 'RETRY'),
    listRoutine: async (at, limit) => listDueCases(at, limit, 'ROUTINE'),
  };
  const refusedActions: NonNullable<Parameters<Refusals['record']>[0]['act']>[] = [];
  const refused: Refusals = {
    async record({ requestId, refusal, act }) {
      refusals.set(requestId, refusal);
      if (act) refusedActions.push(act);
    },
    read: async (_thingName, requestId) => refusals.get(requestId),
  };
  const fleetLimit: FleetLimit = {
    async reserve({ thingName, now: at, limit, windowMs }) {
      const over = [...places].filter(([, since]) => at - since >= windowMs).map(([held]) => held);
      if (places.has(thingName) && !over.includes(thingName)) return true;
      if (places.size - over.length >= limit) return false;
      for (const held of over) places.delete(held);
      places.set(thingName, at);
      return true;
    },
    async reserveNotice({ caseId, now: at, windowMs, of = 'limit' }) {
      const notice = notices.get(of);
      if (notice && at - notice.at < windowMs) return notice.caseId === caseId;
      notices.set(of, { caseId, at });
      return true;
    },
    countUsed: async (at, windowMs) => [...places.values()].filter((since) => at - since < windowMs).length,
    readSize: async () => fleet.size,
    async saveSize(size) {
      fleet.size = size;
    },
  };
  const detection: DetectionReset = { reset: async () => undefined };
  function listDueCases(at: number, limit: number, kind: DueKind): ThingKey[] {
    return [...store.items.values()]
      .filter(({ value }) => value.dueAt !== undefined && value.dueAt <= at && findDueKind(value) === kind)
      .sort((a, b) => (a.value.dueAt ?? 0) - (b.value.dueAt ?? 0))
      .slice(0, limit)
      .map(({ value }) => value.thingName);
  }
  return { ...store, timeline, archived, refusals, refusedActions, cases, refused, fleetLimit, detection };
}

interface RegisteredThing {
  readonly attributes: Record<string, string>;
  readonly thingTypeName?: string | undefined;
  readonly groups: Set<string>;
  readonly principals: string[];
}

/** A group policy applies if the client id is the thing's name and the certificate belongs to the thing. */
export function fakeThings(quarantineGroup = 'cordon-quarantine') {
  const registry = new Map<string, RegisteredThing>();
  const groups = new Set([quarantineGroup, 'sensors']);
  const find = (thingName: string): RegisteredThing => {
    const thing = registry.get(thingName);
    if (!thing) throw awsError('ResourceNotFoundException', `Thing ${thingName} cannot be found`);
    return thing;
  };
  const requireGroup = (group: string): void => {
    if (!groups.has(group)) throw awsError('ResourceNotFoundException', `Group ${group} cannot be found`);
  };
  const things: Things = {
    async describe(thingName) {
      const thing = registry.get(thingName);
      if (!thing) return undefined;
      const { attributes, thingTypeName } = thing;
      return { attributes, ...(thingTypeName && { thingTypeName }) };
    },
    listGroups: async (thingName) => [...find(thingName).groups],
    listPrincipals: async (thingName) => [...find(thingName).principals],
    listPolicies: async () => ['device'],
    listThingsOfPrincipal: async (arn) =>
      [...registry].flatMap(([name, { principals }]) => (principals.includes(arn) ? name : [])),
    async addToGroup(thingName, group) {
      const joined = find(thingName).groups;
      requireGroup(group);
      if (!joined.has(group) && joined.size >= 10)
        throw awsError('InvalidRequestException', 'a thing can be in at most 10 groups');
      joined.add(group);
    },
    async removeFromGroup(thingName, group) {
      const joined = find(thingName).groups;
      requireGroup(group);
      joined.delete(group);
    },
    // The policies of the tests let a device connect under its thing's name only.
    readPolicy: async () => tightPolicy,
    async *count() {
      yield { things: registry.size };
    },
    listEffectivePolicies: async () => [],
    async testPublish(arn, clientId = '') {
      const thing = registry.get(clientId);
      return thing?.principals.includes(arn) && thing.groups.has(quarantineGroup)
        ? 'EXPLICIT_DENY'
        : 'ALLOWED';
    },
  };
  const register = (thingName: string, over: Partial<RegisteredThing> = {}) =>
    registry.set(thingName, {
      attributes: {},
      thingTypeName: 'sensor',
      groups: new Set(['sensors']),
      principals: [certificateArn],
      ...over,
    });
  return { registry, register, find, things, groups };
}

export function fakeConnections() {
  /** Client id -> when its session began. */
  const sessions = new Map<string, number>();
  const published: { readonly topic: string; readonly body: unknown; readonly retain?: true }[] = [];
  const connections: Connections = {
    cut: async (clientId) => sessions.delete(clientId),
    connectedSince: async (clientId) => sessions.get(clientId),
    async publish(topic, payload, options) {
      if (/[+#]/.test(topic)) throw awsError('InvalidRequestException', 'a topic has no wildcards');
      const body: unknown = typeof payload === 'string' ? JSON.parse(payload) : decode(payload);
      published.push({ topic, body, ...(options?.retain && { retain: true }) });
    },
  };
  return { sessions, published, connections };
}

/** Holds whose holders are those that still hold the object, by their cases. */
export function fakeLeases(isHolding: (thingName: string, object: string) => boolean = () => true) {
  const rows = fakeStore<Lease>(({ object }) => object);
  let made = 0;
  const leases: Leases = {
    async load(object) {
      const found = await rows.load(object);
      if (!found) return undefined;
      const holders = found.value.holders.filter((name) => isHolding(name, object));
      return { ...found, value: { ...found.value, holders } };
    },
    async save(lease, previous) {
      const version = await rows.save(lease, previous);
      if (previous > 0) return version;
      const stored = rows.items.get(lease.object);
      if (!stored) return version;
      // Never that of a lease before.
      made += 1;
      rows.items.set(lease.object, { ...stored, version: made * 1_000 });
      return made * 1_000;
    },
    async remove(object, previous) {
      if (rows.items.get(object)?.version !== previous) throw new VersionConflictError(object);
      rows.items.delete(object);
    },
  };
  return { rows: rows.items, leases };
}

export function fakeClientIds() {
  const heard = new Map<string, Map<string, number>>();
  const users = new Map<string, ClientUser>();
  const clientIds: ClientIds = {
    list: async (certificateId) =>
      keepNewest([...(heard.get(certificateId) ?? [])].map(([clientId, at]) => ({ clientId, at }))),
    findUser: async (clientId) => users.get(clientId),
    async recordConnect(clientId, connect) {
      const { certificateId } = connect;
      const before = users.get(clientId);
      if (!isNews(before, connect)) return;
      if (certificateId !== '')
        heard.set(certificateId, new Map(heard.get(certificateId)).set(clientId, connect.at));
      const user = followUser(before, connect);
      if (user) users.set(clientId, user);
    },
  };
  return { clientIds };
}

export function fakeHeldThings(cases: Pick<CaseStore, 'load'>, leases: Pick<Leases, 'load'>): HeldThings {
  return {
    async find(clientId, certificateId, exclusiveThing) {
      const names = [...new Set([clientId, exclusiveThing])]
        .filter(isThingName)
        .map((name) => thingKey(name));
      const stored = await Promise.all(names.map((name) => cases.load(name)));
      const named = names.filter((_, index) => {
        const value = stored[index]?.value;
        return isOpen(value) && holdsThing(value);
      });
      const objects = certificateId === undefined ? [] : heldObjects(certificateId);
      const found = await Promise.all(objects.map((object) => leases.load(object)));
      return [...new Set([...named, ...found.flatMap((lease) => lease?.value.holders ?? [])])];
    },
  };
}

export function fakeQueue() {
  const sent: { readonly command: Command; readonly id: string }[] = [];
  /** What a consumer gets: repeats of an id are not among it. */
  const waiting: Command[] = [];
  const seen = new Set<string>();
  const commands: CommandQueue = {
    async send(command, id) {
      const key = JSON.stringify([command.thingName, id]);
      sent.push({ command, id });
      if (!seen.has(key)) waiting.push(structuredClone(command));
      seen.add(key);
    },
  };
  return { sent, waiting, commands };
}

export function fakeDeadLetters() {
  const letters: { readonly body: string; readonly reason: string; readonly source: string }[] = [];
  const deadLetters: DeadLetters = {
    async send(body, reason, source) {
      letters.push({ body, reason, source });
    },
  };
  return { letters, deadLetters };
}

export function fakeTelemetry() {
  const lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];
  const counts: Record<string, number> = {};
  const write = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const metrics: Metrics = {
    count(name, value = 1) {
      counts[name] = (counts[name] ?? 0) + value;
    },
    time(name) {
      counts[name] = (counts[name] ?? 0) + 1;
    },
  };
  return { lines, counts, log, metrics };
}

/** One message of an SQS queue, as Lambda gets it. */
export function aRecord(body: unknown, over: Partial<SQSRecord> = {}): SQSRecord {
  return {
    messageId: 'message-1',
    receiptHandle: 'handle',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(now),
      SenderId: 'sender',
      ApproximateFirstReceiveTimestamp: String(now),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    awsRegion: 'us-east-1',
    ...over,
  };
}
