import type { Case } from '../case/case';
import { closeIfCleared } from '../case/lifecycle';
import { announce, note } from '../case/outbox';
import type { Reason } from '../case/reasons';
import type { Configuration } from '../configuration';

/** When a question to people expires, epoch ms: an approval request, or an order that waits for a second person. */
export function findExpiry({ guards }: Pick<Configuration, 'guards'>, now: number): number {
  return now + guards.approvalExpires;
}

/** Nobody approved or rejected in time: the case is only recorded. */
export function expireApproval(current: Extract<Case, { status: 'awaiting-approval' }>, now: number): Case {
  const { dueAt: _dueAt, reason: asked, request: _request, ...rest } = current;
  const reason: Reason = { code: 'approval-expired', asked };
  const event = { code: 'approval-expired', reason } as const;
  const observed: Case = { ...rest, status: 'observed', reason };
  const next = closeIfCleared(note(observed, { at: now, event }), now);
  return announce(next, 'approval-expired', [reason], now);
}
