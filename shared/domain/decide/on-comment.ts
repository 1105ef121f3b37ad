import { type Case, isOpen } from '../case/case';
import { note } from '../case/outbox';
import type { OperatorCommand } from './command';
import { type Context, changed, type Decision, unchanged } from './decision';

export function onComment(
  current: Case | undefined,
  { actor, comment }: OperatorCommand,
  { now }: Context,
): Decision {
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  if (!comment) return unchanged({ code: 'no-comment' });
  return changed(note(current, { at: now, actor, event: { code: 'comment', comment } }));
}
