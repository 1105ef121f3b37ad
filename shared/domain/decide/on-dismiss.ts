import { type Case, isOpen } from '../case/case';
import { listConflicts } from '../case/ledger-entry';
import { close } from '../case/lifecycle';
import { announce } from '../case/outbox';
import type { Reason } from '../case/reasons';
import type { OperatorCommand } from './command';
import { nameDecision, nameSender } from './command-notes';
import { type Context, changed, type Decision, unchanged } from './decision';

/** Marks a false positive, also in Device Defender if the violation is its own. */
export function onDismiss(
  current: Case | undefined,
  command: OperatorCommand,
  { configuration, now }: Context,
): Decision {
  if (!isOpen(current)) return unchanged({ code: 'no-open-case' });
  // A partly refused containment may hold the thing, too; this command can only leave a conflict as it is.
  if (current.ledger.some(({ status }) => status !== 'reverted' && status !== 'conflict'))
    return unchanged({ code: 'held', status: current.status });
  const left = listConflicts(current).map(({ detail }) => detail);
  const reason: Reason = { code: 'dismissed', ...nameSender(command), left };
  const closed = { ...close(current, reason, now, command.actor), decided: nameDecision(command) };
  const falsePositives = Object.values(current.violations).flatMap(({ caseId, defenderId }) =>
    configuration.detector !== 'cordon' && caseId === current.caseId && defenderId ? [defenderId] : [],
  );
  const outbox = { ...closed.outbox, falsePositives };
  return changed(announce({ ...closed, outbox }, 'dismissed', [reason], now));
}
