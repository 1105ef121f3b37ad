import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { actionNames } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import type { Configuration } from '../../shared/domain/configuration';
import {
  findObjection,
  findOrdered,
  isStale,
  mostCharacters,
  type OperatorAction,
  operatorActionDescriptors,
} from '../../shared/domain/decide/operator-actions';
import { judgeSecondPerson, type Ordered } from '../../shared/domain/decide/second-person';
import { describeRefusal } from '../../shared/domain/messages/describe-reason';
import { describeStillInAlarm } from '../../shared/domain/messages/describe-value';
import { registryName } from '../../shared/domain/text';
import { type Account, isHome, notHome, type ThingKey } from '../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readJson,
  readThing,
} from '../../shared/http';
import type { CommandQueue } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { CaseStore, Refusals } from '../../shared/ports/storage';
import { findCaller, type GroupRule } from './caller';

export interface CommandPorts {
  readonly cases: Pick<CaseStore, 'load'>;
  readonly refusals: Pick<Refusals, 'read'>;
  readonly commands: CommandQueue;
  /** The account and region that Cordon runs in. */
  readonly own: Account;
  readonly groupRule: GroupRule;
  readonly guards: Configuration['guards'];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Enough for a comment of 1,000 characters, each of them escaped, and the other fields. */
const maxBodyBytes = 16_384;

// SQS refuses a message with either of these characters (API reference, SendMessage).
const text = (most: number) =>
  z.string().check(z.maxLength(most), z.regex(/^[^\uFFFE\uFFFF]*$/, 'has a character that is none'));

// Strict, so a caller who sends an actor gets an error instead of being ignored.
const bodySchema = z.strictObject({
  comment: z.optional(text(mostCharacters.comment)),
  caseId: z.optional(z.string().check(z.regex(registryName))),
  /** Forces an action: it contains a thing although it is exempt, for example. */
  force: z.optional(z.boolean()),
  /** For `assign`: absent for the caller, null for nobody. */
  assignee: z.optional(z.nullable(text(mostCharacters.person).check(z.minLength(1)))),
  /** For `harden`. */
  actions: z.optional(z.array(z.enum(actionNames)).check(z.minLength(1), z.maxLength(actionNames.length))),
  /** Sends nothing: whether the caller has the right, and what would become of it. */
  dryRun: z.optional(z.boolean()),
});

export type Order = z.output<typeof bodySchema>;

/** What the body of an action may say. */
export function writeBodySchema(action: OperatorAction) {
  const { forcible, needs } = operatorActionDescriptors[action];
  const { comment, caseId, force, assignee, actions, dryRun } = bodySchema.shape;
  return z.strictObject({
    comment: needs === 'comment' ? text(mostCharacters.comment).check(z.minLength(1)) : comment,
    caseId,
    dryRun,
    ...(forcible && { force }),
    ...(action === 'assign' && { assignee }),
    ...(needs === 'actions' && { actions: z.nonoptional(actions) }),
  });
}

/** Sends an operator's command to the thing's mailbox. The case has the outcome, or the refusal under the command's id. */
export function sendCommand(action: OperatorAction) {
  const schema = writeBodySchema(action);
  return async (request: HttpRequest, ports: CommandPorts): Promise<HttpAnswer> => {
    const { actor, person } = findCaller(request, ports.groupRule);
    const thingName = readThing(request, ports.own);
    if (!isHome(thingName)) throw new HttpProblem(400, notHome, 'thing');
    const { assignee, dryRun, ...order } = readJson(request, maxBodyBytes, schema) as Order;
    const ordered = { type: action, person, ...order };
    const record = (await ports.cases.load(thingName))?.value;
    const { objection, asks } = examineOrder(record, order.caseId, ordered, thingName, ports);
    if (objection) throw new HttpProblem(409, `${thingName} ${objection}`);
    const caseId = findOrdered(action, record);
    const warning = action === 'release' ? describeStillInAlarm(record) : undefined;
    const answer = {
      ...{ command: action, thingName, actor },
      ...(asks && { secondPerson: 'asked' }),
      ...(warning && { warning }),
    };
    if (dryRun) return jsonResponse({ ...answer, dryRun });
    const commandId = randomUUID();
    const named = assignee !== undefined && { assignee: assignee ?? '' };
    await ports.commands.send(
      {
        ...{ type: action, thingName, actor, ...(person !== undefined && { person }) },
        ...(caseId !== undefined && { caseId }),
        ...{ ...order, ...named, requestId: commandId },
      },
      commandId,
    );
    ports.metrics.count('CommandSent');
    return jsonResponse({ ...answer, commandId }, 202);
  };
}

/** Why respond refused a command: 404 if it did not, or more than a day ago. */
export async function showRefusal(
  request: HttpRequest,
  { refusals, own }: CommandPorts,
): Promise<HttpAnswer> {
  const thingName = readThing(request, own);
  const commandId = request.pathParameters?.commandId ?? '';
  if (!/^[0-9a-f-]{36}$/.test(commandId)) throw new HttpProblem(400, 'expected a command id', 'commandId');
  const refusal = await refusals.read(thingName, commandId);
  if (!refusal) throw new HttpProblem(404, `command ${commandId} of ${thingName} was not refused`);
  return jsonResponse({ thingName, commandId, reason: describeRefusal(refusal), reasonCode: refusal });
}

type ExaminePorts = Pick<CommandPorts, 'guards' | 'clock'>;

interface Examined {
  /** To be read after the thing's name. */
  readonly objection?: string;
  /** The order will wait for a second person. */
  readonly asks: boolean;
}

/**
 * Checks an order against the stored case, which must be `caseId` if one is named. respond decides, and checks again.
 */
export function examineOrder(
  record: Case | undefined,
  caseId: string | undefined,
  order: Ordered,
  thingName: ThingKey,
  ports: ExaminePorts,
): Examined {
  if (isStale(record, caseId))
    return { objection: `has another case by now, or none: case ${caseId} is closed`, asks: false };
  return examineCase(record, order, thingName, ports);
}

export function examineCase(
  record: Case | undefined,
  order: Ordered,
  thingName: ThingKey,
  { guards, clock }: ExaminePorts,
): Examined {
  const objection = findObjection(order.type, record);
  if (objection) return { objection, asks: false };
  const verdict = judgeSecondPerson(record, thingName, order, { guards, now: clock() });
  if (typeof verdict === 'string') return { asks: verdict === 'ask' };
  return { objection: `needs a second person (${verdict.code}): ${describeRefusal(verdict)}`, asks: false };
}
