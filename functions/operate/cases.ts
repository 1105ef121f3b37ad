import * as z from 'zod/mini';
import manifest from '../../package.json' with { type: 'json' };
import type { Case } from '../../shared/domain/case/case';
import { findRequest, showRequest } from '../../shared/domain/case/person-request';
import type { Configuration } from '../../shared/domain/configuration';
import {
  listPossible,
  type OperatorAction,
  operatorActionDescriptors,
} from '../../shared/domain/decide/operator-actions';
import { judgeSecondPerson } from '../../shared/domain/decide/second-person';
import { pickFloods } from '../../shared/domain/detection/floods';
import { describePipeline } from '../../shared/domain/heartbeat';
import { listRestorations } from '../../shared/domain/lists/restores';
import { measure } from '../../shared/domain/messages/announcement';
import { showCaseInWords } from '../../shared/domain/messages/describe-case';
import { describeRefusal } from '../../shared/domain/messages/describe-reason';
import { describeFinding, describeStillInAlarm } from '../../shared/domain/messages/describe-value';
import { registryName } from '../../shared/domain/text';
import type { Account, ThingKey } from '../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readQuery,
  readThing,
} from '../../shared/http';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { Clock } from '../../shared/ports/runtime';
import type { CaseStore, Floods, Heartbeats } from '../../shared/ports/storage';
import type { ClosedPage } from '../../shared/storage/closed-cases';
import type { TimelinePage } from '../../shared/storage/timelines';
import { findCaller, type GroupRule } from './caller';
import { fitAnswer } from './fit-answer';
import { count, cursor, refuseCursor } from './query';
import { showFloods, showKillSwitch } from './show';

export interface CasePorts {
  readonly cases: Pick<CaseStore, 'load'>;
  readonly heartbeats: Pick<Heartbeats, 'read'>;
  readonly killSwitch: KillSwitchReader;
  readonly floods: Pick<Floods, 'list'>;
  readonly clock: Clock;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
  readonly groupRule: GroupRule;
  readonly guards: Configuration['guards'];
  readonly customMetrics: Configuration['customMetrics'];
  readonly history: {
    pageClosed(thingName: ThingKey, limit: number, cursor?: string): Promise<ClosedPage>;
    findCase(caseId: string): Promise<Case | undefined>;
    pageTimeline(caseId: string, limit: number, after?: string): Promise<TimelinePage>;
  };
}

const maxLimit = 500;
const limit = count(1, maxLimit);

/** The newest case of a thing, or the case of an id, with what an operator may do now, and what a release restores. */
export async function showCase(request: HttpRequest, ports: CasePorts): Promise<HttpAnswer> {
  const { cases, history, floods, clock, own, customMetrics } = ports;
  const { person } = findCaller(request, ports.groupRule);
  const asked = { guards: ports.guards, now: clock(), person };
  const name = readThing(request, own);
  const ofThing = (await cases.load(name))?.value;
  const record = ofThing ?? (await history.findCase(name));
  if (!record) throw new HttpProblem(404, `${name} has no case, and no case has this id`);
  // An operator action changes the present state of the thing, so an earlier case offers none.
  const newest = ofThing ?? (await cases.load(record.thingName))?.value;
  const possible = newest?.caseId === record.caseId ? listPossible(record) : [];
  const flooding = await floods.list(clock());
  const {
    outbox: _outbox,
    lastCommandId: _command,
    announcementSeq: _seq,
    isTold: _isTold,
    request: _request,
    violations,
    ...rest
  } = showCaseInWords(record);
  const nameMetric = ({ metric = '' }) => customMetrics[metric]?.displayName;
  const { appliedMs, verifiedMs } = measure(record);
  return jsonResponse({
    ...rest,
    ...describeRequest(record, asked),
    violations: Object.entries(violations).flatMap(([key, violation]) =>
      violation.caseId === record.caseId
        ? { key, ...violation, words: describeFinding(violation, nameMetric(violation)) }
        : [],
    ),
    ...(appliedMs !== undefined && { alertToAppliedMs: appliedMs }),
    ...(verifiedMs !== undefined && { alertToVerifiedMs: verifiedMs }),
    ...showFloods(pickFloods(flooding, record.thingName, record.facts)),
    acts: possible,
    possible: possible.map((action) => describeAct(action, record, asked)),
    restores: listRestorations(record),
  });
}

interface Asked {
  readonly guards: Configuration['guards'];
  readonly now: number;
  /** The proven identity of the caller. */
  readonly person: string | undefined;
}

function describeRequest(record: Case, { now, person }: Asked) {
  const found = findRequest(record, now);
  if (!found) return {};
  return { request: { ...showRequest(record).request, mine: found.person === person } };
}

/** Whether a second person must confirm the operator action, taking an open request into account. */
function describeSecond(action: OperatorAction, record: Case, { guards, now, person }: Asked) {
  const request = findRequest(record, now);
  const { force, actions } = request?.action === action || action === 'approve' ? (request ?? {}) : {};
  const order = { type: action, person, force, actions };
  const verdict = judgeSecondPerson(record, record.thingName, order, { guards, now });
  if (verdict === 'do') return undefined;
  if (verdict === 'confirm') return { state: 'confirms' } as const;
  if (verdict === 'ask') return { state: 'needed' } as const;
  return { state: 'refused', reason: describeRefusal(verdict) } as const;
}

function describeAct(action: OperatorAction, record: Case, asked: Asked) {
  const { description, consequence, emphasis, forcible } = operatorActionDescriptors[action];
  const warning = action === 'release' ? describeStillInAlarm(record) : undefined;
  const second = describeSecond(action, record, asked);
  return {
    ...{ action, description, consequence },
    ...(emphasis && { emphasis }),
    ...(forcible !== undefined && { forcible }),
    ...(warning !== undefined && { warning }),
    ...(second && { secondPerson: second }),
  };
}

export const timelineQuery = z.strictObject({
  caseId: z.optional(z.string().check(z.regex(registryName))),
  after: z.optional(z.string().check(z.regex(/^\d{15}#\d{6}$/, 'expected the id of a row'))),
  limit,
});

/** A Lambda response has at most 6 MB, including the quotes that JSON adds to the body. */
const maxTimelineBytes = 4_000_000;

/** A page of rows with their hashes, oldest first, of the thing's newest case or an earlier one. */
export async function showTimeline(
  request: HttpRequest,
  { cases, history, own }: CasePorts,
): Promise<HttpAnswer> {
  const thingName = readThing(request, own);
  const { caseId: named, after, limit: most = 100 } = readQuery(request, timelineQuery);
  const caseId = named ?? (await loadCase(thingName, cases)).caseId;
  const page = await history.pageTimeline(caseId, most, after);
  const isOfThing = page.rows.every((row) => row.thingName === thingName);
  if (!isOfThing || (page.rows.length === 0 && after === undefined))
    throw new HttpProblem(404, `${thingName} has no case ${caseId} with a timeline`);
  const rows = page.rows.map(({ sk, entries, previousHash, hash }) => ({
    id: sk,
    entries,
    previousHash,
    hash,
  }));
  const shown = takeBytes(rows, maxTimelineBytes);
  const last = shown.at(-1);
  const more = page.more || shown.length < rows.length;
  return jsonResponse({ thingName, caseId, rows: shown, ...(more && last && { next: last.id }) });
}

/** As many of the values as fit the limit in bytes of quoted JSON, but at least one. */
function takeBytes<T>(values: readonly T[], most: number): T[] {
  let bytes = 0;
  return values.filter((value, index) => {
    bytes += Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
    return index === 0 || bytes <= most;
  });
}

export const closedQuery = z.strictObject({ limit, cursor });

/** Outlines of a thing's earlier cases, newest first. Whole cases may exceed a Lambda response. */
export async function listClosed(request: HttpRequest, { history, own }: CasePorts): Promise<HttpAnswer> {
  const thingName = readThing(request, own);
  const { limit: most = 20, cursor: from } = readQuery(request, closedQuery);
  return fitAnswer(most, async (count) => {
    const { cases, damaged, next } = await history.pageClosed(thingName, count, from).catch(refuseCursor);
    return jsonResponse({
      ...{ thingName, cases: cases.map(outline), more: next !== undefined },
      ...(damaged.length > 0 && { damaged }),
      ...(next !== undefined && { next }),
    });
  });
}

function outline(record: Case) {
  const { violations, ledger, ...shown } = showCaseInWords(record);
  const { caseId, status, severity, detector, playbook, reason, reasonCode } = shown;
  const { openedAt, containedAt, closedAt } = shown;
  return {
    ...{ caseId, status, severity, detector, playbook, reason, reasonCode, openedAt, containedAt, closedAt },
    violations: Object.entries(violations).flatMap(([key, violation]) =>
      violation.caseId === caseId ? { key, value: violation.value } : [],
    ),
    actions: ledger.map(({ action, status: state, detail }) => ({ action, status: state, detail })),
  };
}

/** Reads the newest heartbeat, which also tests the table and this function's rights. */
export async function checkHealth(
  _request: HttpRequest,
  { heartbeats, killSwitch, clock }: CasePorts,
): Promise<HttpAnswer> {
  const newest = await heartbeats.read();
  return jsonResponse({
    status: 'ok',
    version: manifest.version,
    ...(newest && { pipeline: describePipeline(newest, clock()) }),
    ...(await showKillSwitch(killSwitch)),
  });
}

async function loadCase(thingName: ThingKey, cases: CasePorts['cases']): Promise<Case> {
  const stored = await cases.load(thingName);
  if (!stored) throw new HttpProblem(404, `${thingName} has no case`);
  return stored.value;
}
