import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { ActionName } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import type { PersonRequest } from '../../shared/domain/case/person-request';
import {
  findObjection,
  findOrdered,
  isStale,
  type OperatorAction,
  operatorActionDescriptors,
} from '../../shared/domain/decide/operator-actions';
import { printable } from '../../shared/domain/messages/announcement';
import { describeStatus, nameOrder } from '../../shared/domain/messages/describe-action';
import {
  describeReason,
  describeRefusal,
  describeRequest,
} from '../../shared/domain/messages/describe-reason';
import { describeStillInAlarm } from '../../shared/domain/messages/describe-value';
import { isHome, notHome, type ThingKey } from '../../shared/domain/thing-ref';
import type { Versioned } from '../../shared/ports/storage';
import { CliError, RefusedError, TimedOutError } from '../cli-error';
import { requireThing } from '../require-thing';
import type { Target } from '../target';

export interface ActOptions {
  readonly comment?: string;
  readonly actor?: string;
  /** Contains a thing even if it is exempt or others are affected; releases one that would be contained again. */
  readonly force?: boolean;
  /** What `harden` adds. */
  readonly actions?: readonly ActionName[];
  /** Whom `assign` names. */
  readonly to?: string;
  /** The case that was selected: in another one the command does nothing. */
  readonly caseId?: string;
  /** Called once the command is on its way, whether or not its outcome is waited for. */
  readonly onSent?: () => void;
  /** 0: only send the command. */
  readonly waitSeconds: number;
}

type ActTarget = Pick<Target, 'openCommands'> & {
  readonly cases: Pick<Target['cases'], 'load'>;
  readonly refusals: Pick<Target['refusals'], 'read'>;
};

/** The outcome of a command. */
export interface Outcome {
  readonly thingName: string;
  readonly caseId?: string;
  /** The status of the case; absent if nobody waited for the outcome. */
  readonly status?: string;
  readonly text: string;
}

/** A command on its way, and the case before it. */
interface Order {
  readonly name: OperatorAction;
  readonly thingName: ThingKey;
  readonly requestId: string;
  readonly before: Versioned<Case> | undefined;
}

/** Sends an operator's command and waits for its outcome. Throws if the command does not reach it. */
export async function act(
  name: OperatorAction,
  given: string,
  options: ActOptions,
  { cases, refusals, openCommands }: ActTarget,
): Promise<Outcome> {
  const thingName = requireThing(given);
  if (!isHome(thingName)) throw new RefusedError(`${thingName}: ${notHome}`);
  const before = await cases.load(thingName);
  if (isStale(before?.value, options.caseId))
    throw new RefusedError(
      `${thingName} has another case by now, or none: case ${options.caseId} is closed. See cordon show ${thingName}`,
    );
  const objection = findObjection(name, before?.value);
  if (objection) throw new RefusedError(`${thingName} ${objection}`);
  const actor = options.actor ?? userInfo().username;
  const commands = await openCommands();
  const requestId = randomUUID();
  const { comment, force, actions, to: assignee, caseId = findOrdered(name, before?.value) } = options;
  const details = { comment, force, actions, assignee, caseId };
  await commands.send({ type: name, thingName, actor, ...details, requestId }, requestId);
  options.onSent?.();
  if (options.waitSeconds === 0)
    return { thingName, text: `${thingName}: ${name} was sent. cordon show ${thingName} has the outcome.` };
  const order: Order = { name, thingName, requestId, before };
  const isOver = async (stored: Versioned<Case> | undefined) => {
    const refused = await refusals.read(thingName, requestId);
    if (refused !== undefined)
      throw new RefusedError(
        `${name} of ${thingName} was refused: ${describeRefusal(refused)}${refused.code === 'needs-force' ? ' (--force)' : ''}`,
      );
    return hasEnded(order, stored);
  };
  const after = await waitForCase(thingName, cases, isOver, options.waitSeconds * 1_000);
  if (!hasEnded(order, after))
    throw new TimedOutError(
      `${thingName} is still ${statusOf(after)} after ${options.waitSeconds} s. Cordon continues: cordon show ${thingName} has the outcome`,
    );
  return describeOutcome(order, after);
}

/** The request of a second person that the order rejects, if it does. */
function findRejected({ name, before }: Order): PersonRequest | undefined {
  return name === 'reject' && before?.value.status !== 'awaiting-approval'
    ? before?.value.request
    : undefined;
}

function statusOf(stored: Versioned<Case> | undefined): string {
  return stored?.value.status ?? 'without a case';
}

/** Whether the case has reached a status to which the command leads, and has published it. */
function hasEnded(order: Order, stored: Versioned<Case> | undefined): boolean {
  const { name, requestId, before } = order;
  const { reached } = operatorActionDescriptors[name].ends;
  return (
    stored !== undefined &&
    stored.version !== before?.version &&
    (isAsked(stored.value, requestId) ||
      findRejected(order) !== undefined ||
      [...reached, 'release-conflict', 'containment-failed'].includes(stored.value.status)) &&
    stored.value.outbox.timeline.length === 0
  );
}

/** Throws if the command led elsewhere. */
function describeOutcome(order: Order, after: Versioned<Case> | undefined): Outcome {
  const { name, thingName, requestId, before } = order;
  const { reached, done } = operatorActionDescriptors[name].ends;
  if (after && isAsked(after.value, requestId))
    throw new TimedOutError(
      `${thingName}: ${describeRequest(after.value.request)}. Nothing happens until somebody else gives the same order`,
    );
  const status = statusOf(after);
  const outcome = { thingName, ...(after && { caseId: after.value.caseId }), status };
  const rejected = findRejected(order);
  if (rejected) {
    const text = `${thingName}: ${nameOrder(rejected.action)} by ${rejected.actor} is rejected.`;
    return { ...outcome, text: printable(text) };
  }
  const reason = after?.value.reason ? describeReason(after.value.reason) : '';
  const stands = after ? describeStatus(after.value.status) : status;
  if (!reached.includes(status)) throw new CliError(`${thingName}: ${stands}: ${reason}`);
  const warning = name === 'release' ? describeStillInAlarm(before?.value) : undefined;
  const is = name === 'assign' ? `is assigned to ${after?.value.assignee ?? 'nobody'}` : done;
  const text = printable(`${thingName} ${is ?? `is ${reason}`}.${warning ? ` It is ${warning}.` : ''}`);
  return { ...outcome, text };
}

type Asked = Case & { readonly request: PersonRequest };

/** Whether the command waits for a second person (`guards.fourEyes`). */
function isAsked(record: Case, requestId: string): record is Asked {
  return record.request?.requestId === requestId;
}

/** Reads the thing's case a few times a second until it satisfies `done`. */
async function waitForCase(
  thingName: ThingKey,
  cases: Pick<Target['cases'], 'load'>,
  done: (stored: Versioned<Case> | undefined) => Promise<boolean>,
  waitMs: number,
): Promise<Versioned<Case> | undefined> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const stored = await cases.load(thingName);
    if ((await done(stored)) || Date.now() > deadline) return stored;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
