import { type Case, isOpen } from '../case/case';
import { note } from '../case/outbox';
import type { OperatorCommand } from './command';
import { type Context, changed, type Decision, unchanged } from './decision';

export function onAssign(
  current: Case | undefined,
  { actor, comment, assignee = actor }: OperatorCommand,
  { now }: Context,
): Decision {
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  const { assignee: _before, ...rest } = current;
  const event = {
    code: 'assigned',
    ...(assignee !== '' && { to: assignee }),
    ...(comment && { comment }),
  } as const;
  return changed(note({ ...rest, ...(assignee !== '' && { assignee }) }, { at: now, actor, event }));
}
