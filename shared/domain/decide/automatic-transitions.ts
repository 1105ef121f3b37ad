import { type Case, isContainment } from '../case/case';
import { countAnew, replanCut, reverify } from '../case/ledger';
import type { LedgerEntry } from '../case/ledger-entry';
import { retryMs } from '../case/lifecycle';
import { note } from '../case/outbox';
import { findReleaseAt } from '../case/release-rule';
import { endTemporaryDeactivation } from '../case/temporary-deactivation';
import { expireApproval } from './approval-expiry';
import type { Command } from './command';
import { coverCertificates } from './cover-certificates';
import { type Context, changed, type Decision, unchanged } from './decision';
import { type Deciding, need } from './questions';

/** What time alone changes: the sweep found the case due. */
export function* onResume(
  current: Case | undefined,
  { early }: Extract<Command, { type: 'resume' }>,
  context: Context,
): Deciding<Decision> {
  const { now } = context;
  if (!current) return unchanged({ code: 'no-case' });
  const isDue = current.dueAt !== undefined && current.dueAt <= now;
  if (!isDue && !(early && isContainment(current))) return unchanged({ code: 'nothing-due' });
  switch (current.status) {
    case 'contained': {
      const releaseAt = findReleaseAt(current);
      if (releaseAt === undefined || releaseAt > now)
        return changed(yield* takeUp(early ? holdAnew(current, context) : current, context));
      const event = { code: 'time-release', rule: current.release } as const;
      const { decided: _decided, ...rest } = current;
      const releasing: Case = { ...rest, status: 'releasing', dueAt: now + retryMs };
      return changed(note(releasing, { at: now, event, actor: 'timer' }));
    }
    case 'containing':
    case 'containment-failed':
      return changed(yield* takeUp(current, context));
    // AWS failed in a way that may pass.
    case 'release-conflict':
      return changed({ ...current, status: 'releasing', dueAt: now + retryMs });
    case 'awaiting-approval':
      return changed(expireApproval(current, now));
    default:
      return changed({ ...current, dueAt: now + retryMs });
  }
}

/**
 * The quarantine was incomplete, so sessions may have begun without a denial: its denials are applied again at once, and
 * count from then.
 */
function holdAnew(current: Case, { now, killSwitch }: Context): Case {
  if (killSwitch.state !== 'off') return current;
  return { ...current, ledger: replanCut(countAnew(current.ledger, now)) };
}

function* takeUp(current: Case, context: Context): Deciding<Case> {
  const { now, killSwitch } = context;
  const withheld = killSwitch.state !== 'off';
  // Planned actions don't wait for a lookup of the thing: new certificates are seen the next time.
  const urgent = current.status !== 'contained';
  // A certificate may have been attached to the held thing since.
  const covered = withheld
    ? current
    : coverCertificates(current, { ...context, facts: yield* need('facts', { urgent }) });
  const ledger = endTemporaryDeactivation(covered.ledger, now).map((entry) => reopen(entry, withheld));
  return { ...covered, ledger, dueAt: now + retryMs };
}

/** Verified entries are verified again; what was not verified, or was refused, is applied again if that is allowed. */
function reopen(entry: LedgerEntry, withheld: boolean): LedgerEntry {
  if (entry.status === 'verified') return reverify(entry);
  if (withheld) return entry;
  if (entry.temporary?.over) return entry;
  if (entry.status === 'applied' || entry.status === 'failed') return { ...entry, status: 'planned' };
  return entry;
}
