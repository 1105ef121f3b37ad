import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type CaseStatus, openStatuses } from '../../../shared/domain/case/status';
import {
  type OperatorAction,
  operatorActionDescriptors,
} from '../../../shared/domain/decide/operator-actions';
import { severities } from '../../../shared/domain/severity';
import { registryName } from '../../../shared/domain/text';
import { isHome, parseThing, type ThingKey } from '../../../shared/domain/thing-ref';
import { type HttpAnswer, HttpProblem, type HttpRequest, jsonResponse, readJson } from '../../../shared/http';
import type { CaseListReader } from '../../../shared/storage/case-list';
import { findCaller } from '../caller';
import { type CommandPorts, examineCase, type Order, writeBodySchema } from '../command';
import { caseFilter, readFilter, thingText } from '../query';

export interface BulkPorts extends CommandPorts {
  readonly list: Pick<CaseListReader, 'page'>;
}

/** The most things that one request of 10 s in one Lambda function can handle. */
const maxThings = 500;
const maxBodyBytes = 131_072;
/** A selection is too wide if its cases are not found within this many pages of 2,000. */
const maxPages = 10;
/** As many as a list has for one case. */
const maxBehaviors = 5;
/** Reads at once. */
const chunk = 50;

const selection = {
  things: z.optional(z.array(thingText).check(z.minLength(1), z.maxLength(maxThings))),
  /** The cases that the caller has seen of each, as a list has them. */
  cases: z.optional(
    z
      .array(z.strictObject({ thingName: thingText, caseId: z.string().check(z.regex(registryName)) }))
      .check(z.minLength(1), z.maxLength(maxThings)),
  ),
  filter: z.optional(
    z.strictObject({
      ...caseFilter.shape,
      behaviors: z.optional(z.array(z.string().check(z.maxLength(400))).check(z.maxLength(maxBehaviors))),
      status: z.optional(
        z.array(z.enum(openStatuses)).check(z.minLength(1), z.maxLength(openStatuses.length)),
      ),
      severity: z.optional(z.array(z.enum(severities)).check(z.minLength(1))),
      openedSince: z.optional(z.number()),
      openedBefore: z.optional(z.number()),
    }),
  ),
  /** The number of cases that the caller expects. */
  expect: z.int().check(z.minimum(1), z.maximum(maxThings)),
  /** The same order under the same key is sent once within five minutes. */
  key: z.string().check(z.regex(/^[a-zA-Z0-9_-]{8,64}$/, 'expected 8 to 64 of a-z A-Z 0-9 _ -')),
};

type Selection = z.output<ReturnType<typeof writeBulkSchema>>;

export function writeBulkSchema(action: OperatorAction) {
  // A case id binds one thing: here each command is bound to the case that was found.
  return z.extend(z.omit(writeBodySchema(action), { caseId: true, dryRun: true }), selection);
}

interface Chosen {
  readonly thingName: ThingKey;
  readonly caseId?: string;
}

interface Result {
  readonly thingName: string;
  readonly caseId?: string;
  readonly result: 'sent' | 'refused' | 'failed';
  readonly commandId?: string;
  readonly secondPerson?: 'asked';
  readonly reason?: string;
}

/** Sends one command for each case of a selection, if there are exactly as many as the caller expects. */
export function actOnMany(action: OperatorAction) {
  const schema = writeBulkSchema(action);
  return async (request: HttpRequest, ports: BulkPorts): Promise<HttpAnswer> => {
    const { actor, person } = findCaller(request, ports.groupRule);
    const { things, cases, filter, expect, key, ...order } = readJson(request, maxBodyBytes, schema);
    const [by, other] = Object.entries({ things, cases, filter }).flatMap(([name, given]) =>
      given ? name : [],
    );
    if (by === undefined || other !== undefined)
      throw new HttpProblem(400, 'expected either things, cases or a filter', other ?? 'things');
    const chosen = filter ? await findCases(action, filter, ports) : readChosen(things, cases, ports);
    if (chosen.length !== expect)
      throw new HttpProblem(
        409,
        `expected ${expect}, but ${chosen.length} are selected: nothing was sent`,
        'expect',
      );
    const results: Result[] = [];
    for (let start = 0; start < chosen.length; start += chunk)
      results.push(
        ...(await Promise.all(
          chosen
            .slice(start, start + chunk)
            .map((one) => actOnOne(action, one, { actor, person, key, order: order as Order }, ports)),
        )),
      );
    const count = (result: Result['result']) => results.filter((one) => one.result === result).length;
    ports.metrics.count('CommandSent', count('sent'));
    const totals = { sent: count('sent'), refused: count('refused'), failed: count('failed') };
    return jsonResponse({ command: action, actor, ...totals, results }, 202);
  };
}

/** The cases that the body names, without repetitions. */
function readChosen(
  things: Selection['things'],
  cases: Selection['cases'] = [],
  { own }: BulkPorts,
): readonly Chosen[] {
  const named = things ? things.map((thingName) => ({ thingName })) : cases;
  const chosen = named.map(({ thingName: name, ...rest }, index) => {
    const thingName = parseThing(name, own);
    if (!thingName || !isHome(thingName))
      throw new HttpProblem(
        400,
        'expected the name of a thing of this account and region',
        things ? `things.${index}` : `cases.${index}.thingName`,
      );
    return { thingName, ...rest };
  });
  return [...new Map(chosen.map((one) => [JSON.stringify(one), one])).values()];
}

async function findCases(
  action: OperatorAction,
  { status, ...filter }: NonNullable<Selection['filter']>,
  { list }: BulkPorts,
): Promise<Chosen[]> {
  const { offeredIn } = operatorActionDescriptors[action];
  const open: readonly CaseStatus[] = offeredIn.length > 0 ? offeredIn : openStatuses;
  const query = {
    statuses: status ?? open,
    filter: readFilter(filter),
    limit: maxThings + 1,
  };
  // A case whose status changes between two pages may be in both.
  const found = new Map<ThingKey, Chosen>();
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page = await list.page({ ...query, cursor });
    for (const { thingName, caseId } of page.cases) found.set(thingName, { thingName, caseId });
    if (page.next === undefined) return [...found.values()];
    if (found.size > maxThings)
      throw new HttpProblem(409, `more than ${maxThings} are selected: narrow the filter`, 'filter');
    cursor = page.next;
  }
  throw new HttpProblem(409, 'too many cases to look through for this filter: narrow it', 'filter');
}

interface Task {
  readonly actor: string;
  readonly person: string | undefined;
  readonly key: string;
  readonly order: Order;
}

async function actOnOne(
  action: OperatorAction,
  { thingName, caseId: wanted }: Chosen,
  { actor, person, key, order: { assignee, ...order } }: Task,
  ports: BulkPorts,
): Promise<Result> {
  const { cases, commands, log } = ports;
  try {
    const record = (await cases.load(thingName))?.value;
    const { objection, asks } =
      wanted !== undefined && record?.caseId !== wanted
        ? { objection: 'has another case by now', asks: false }
        : examineCase(record, { type: action, person, ...order }, thingName, ports);
    if (objection) return { thingName, result: 'refused', reason: `${thingName} ${objection}` };
    const caseId = record && record.status !== 'closed' ? record.caseId : undefined;
    const commandId = nameCommand([key, action, thingName, caseId, actor, { assignee, ...order }]);
    await commands.send(
      {
        ...{ type: action, thingName, actor, ...(person !== undefined && { person }), ...order },
        ...(assignee !== undefined && { assignee: assignee ?? '' }),
        ...(caseId !== undefined && { caseId }),
        requestId: commandId,
      },
      commandId,
    );
    return {
      ...{ thingName, ...(caseId !== undefined && { caseId }), result: 'sent', commandId },
      ...(asks && { secondPerson: 'asked' }),
    };
  } catch (error) {
    log.error('one of several commands was not sent', { thingName, error });
    return {
      thingName,
      result: 'failed',
      reason: 'the command was not sent; the same key may be used again',
    };
  }
}

/** An id in the form of a UUID, as all commands have one. */
function nameCommand(parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
