import type { Case } from '../case/case';
import { announce, note } from '../case/outbox';
import { findRequest, type PersonRequest } from '../case/person-request';
import type { Refusal, Requested } from '../case/reasons';
import type { Configuration } from '../configuration';
import { isDrill } from '../drill';
import { isEqual } from '../json';
import { findExpiry } from './approval-expiry';
import type { OperatorCommand } from './command';
import { type Context, changed, type Decision, unchanged } from './decision';

/** The fields of an operator's order that count for `guards.fourEyes`. */
export type Ordered = Pick<OperatorCommand, 'type' | 'person' | 'force' | 'actions'>;

interface RequestContext {
  readonly guards: Configuration['guards'];
  readonly now: number;
}

/** Where `guards.fourEyes` asks for a second person; a command that is not named never needs one. */
export const secondPersonFor: Readonly<Partial<Record<string, 'always' | 'forced'>>> = {
  contain: 'always',
  approve: 'forced',
  release: 'forced',
  harden: 'always',
};

/** `do`: nobody else is needed. `confirm`: this is the second person. `ask`: the order waits for one. Else why not. */
export function judgeSecondPerson(
  record: Case | undefined,
  thingName: string,
  order: Ordered,
  { guards, now }: RequestContext,
): 'do' | 'ask' | 'confirm' | Extract<Refusal, { code: 'second-person' }> {
  if (!guards.fourEyes || isDrill(thingName) || !needsSecond(record, order)) return 'do';
  const { person } = order;
  if (person === undefined) return { code: 'second-person', why: 'unproven' };
  const request = findRequest(record, now);
  if (!request) return 'ask';
  const { actor, action, expires: until } = request;
  const refuse = (why: 'same' | 'other-source' | 'other-order') =>
    ({ code: 'second-person', why, actor, action, until }) as const;
  if (request.person === person) return refuse('same');
  // Nothing shows whether a Slack user and a user of the OIDC provider are two people.
  if (sourceOf(request.person) !== sourceOf(person)) return refuse('other-source');
  return isSameOrder(request, order) ? 'confirm' : refuse('other-order');
}

function needsSecond(record: Case | undefined, { type, force }: Ordered): boolean {
  const rule = secondPersonFor[type];
  if (rule === undefined || force) return rule !== undefined;
  // If a playbook or a guard asked, the person who answers is enough.
  if (record?.status === 'awaiting-approval' && type !== 'harden') return record.reason.code === 'requested';
  return rule === 'always';
}

/** The order of the second person must be the same as the request. */
function isSameOrder(request: PersonRequest, { type, force = false, actions = [] }: Ordered): boolean {
  const { force: asked = false, actions: wanted = [] } = request;
  const ordered = type === 'approve' ? 'contain' : type;
  return request.action === ordered && asked === force && isEqual(wanted.toSorted(), actions.toSorted());
}

function sourceOf(person: string): string {
  return person.slice(0, person.indexOf(':'));
}

/** An IAM user, whose id AWS gives; the name of a role's session is its user's choice. */
export function nameIamUser(principalId: string | undefined): string | undefined {
  const [id] = /^AIDA\w+$/.exec(principalId ?? '') ?? [];
  return id && `iam:${id}`;
}

/** The case after an order that needs a second person. Undefined if the order is to be carried out. */
export function askSecondPerson(
  record: Case | undefined,
  command: OperatorCommand,
  { thingName, configuration: { guards }, now }: Context,
): ((open: Case) => Decision) | undefined {
  const verdict = judgeSecondPerson(record, thingName, command, { guards, now });
  if (verdict === 'do' || verdict === 'confirm') return undefined;
  if (verdict !== 'ask') return () => unchanged(verdict);
  const { type, actor, person = '', force, actions, comment, requestId } = command;
  const action = type === 'release' || type === 'harden' ? type : 'contain';
  const expires = findExpiry({ guards }, now);
  const reason: Requested = {
    ...{ code: 'requested' as const, action, actor, until: expires },
    ...(comment && { comment }),
  };
  const request: PersonRequest = {
    ...{ action, actor, person, at: now, expires },
    ...(force && { force: true as const }),
    ...(actions && { actions }),
    ...(requestId !== undefined && { requestId }),
  };
  return (open) => {
    const noted = note({ ...open, request }, { at: now, actor, event: reason });
    // A case that waits for something else keeps what it waits for.
    return open.status === 'observed' && !open.heldBackBy
      ? changed(
          announce(
            { ...noted, status: 'awaiting-approval', reason, dueAt: expires },
            'approval-needed',
            [reason],
            now,
          ),
        )
      : changed(announce(noted, 'second-person', [reason], now));
  };
}
