import type { Case } from '../case/case';
import { announce, note } from '../case/outbox';
import { findRequest } from '../case/person-request';
import type { Refusal } from '../case/reasons';
import type { OperatorCommand } from './command';
import type { Context } from './decision';

export function noteRefusal(
  current: Case,
  command: OperatorCommand,
  refusal: Refusal,
  { now }: Context,
): Case {
  const { type, actor } = command;
  const noted = note(current, { at: now, actor, event: { code: 'command-refused', command: type, refusal } });
  return announce(noted, 'refused', [{ code: 'refused', command: type, actor, refusal }], now);
}

export function nameDecision(command: OperatorCommand): NonNullable<Case['decided']> {
  return { command: command.type, ...nameSender(command) };
}

export function nameSender({ actor, comment }: OperatorCommand) {
  return { actor, ...(comment && { comment }) };
}

export function nameCommand(
  { type, comment, actor }: OperatorCommand,
  current: Case | undefined,
  now: number,
) {
  const askedBy = findRequest(current, now)?.actor;
  return {
    code: 'command',
    command: type,
    ...(comment && { comment }),
    ...(askedBy !== undefined && askedBy !== actor && { askedBy }),
  } as const;
}
