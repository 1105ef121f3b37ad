import { type Case, isOpen } from '../case/case';
import { closeIfCleared } from '../case/lifecycle';
import type { News } from '../case/news';
import { announce, note } from '../case/outbox';
import type { Reason } from '../case/reasons';
import { nameClaim } from '../case/rejections';
import { openViolations } from '../case/violation-record';
import type { OperatorCommand } from './command';
import { nameDecision, nameSender } from './command-notes';
import { type Context, changed, type Decision, unchanged } from './decision';
import { type Deciding, need } from './questions';

/** An operator's no: the violation stays on record, and nothing is done. */
export function* onReject(
  current: Case | undefined,
  command: OperatorCommand,
  { now }: Context,
): Deciding<Decision> {
  const isWaiting = current?.status === 'awaiting-approval';
  if (!isOpen(current) || !(isWaiting || current.request))
    return unchanged({ code: 'nothing-awaits-approval' });
  const who = nameSender(command);
  const reason: Reason = { code: 'rejected', ...who };
  const { actor, ...comment } = who;
  const entry = { at: now, actor, event: { code: 'rejected', ...comment } } as const;
  if (!isWaiting) {
    const { request: _request, ...kept } = current;
    return changed(announce(note(kept, entry), 'refused', [reason], now));
  }
  const { dueAt: _dueAt, heldBackBy: _heldBackBy, request: _request, quiet, ...rest } = current;
  // Rejecting a person's order decides nothing about the violations.
  const rejections = [
    ...(current.rejections ?? []),
    ...(current.reason.code === 'requested' ? [] : openViolations(current).map(nameClaim)),
  ];
  // A case that waited without an announcement ends without one, except for the first of many.
  const silent = quiet && !(yield* need('fleetNotice', { caseId: current.caseId, of: 'rejection' }));
  const news: News[] = quiet && !silent ? [reason, { code: 'others-rejected' }] : [reason];
  const decided = nameDecision(command);
  const next: Case = {
    ...{ ...rest, status: 'observed', rejections, reason, decided },
    ...(silent && { quiet: true }),
  };
  return changed(announce(closeIfCleared(note(next, entry), now), 'rejected', news, now));
}
