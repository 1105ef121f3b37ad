import type { Case } from '../case/case';
import { holdsThing } from '../case/ledger-entry';
import type { News } from '../case/news';
import { announce, note } from '../case/outbox';
import { isRejected } from '../case/rejections';
import type { ViolationRecord } from '../case/violation-record';
import type { Playbook } from '../configuration';
import { type Finding, findingKey } from '../findings/finding';
import { chooseActions } from '../guards/choose-actions';
import { evaluateGuards, type Verdict } from '../guards/guards';
import { isEqual } from '../json';
import { announceOnce } from './announce-once';
import { findExpiry } from './approval-expiry';
import type { Context, Informed } from './decision';
import { isMilder, named, planContainment } from './plan';
import { type Deciding, need } from './questions';

type Refusal = Exclude<Verdict, { outcome: 'contain' }>;

/** How soon a case that the kill switch holds back is checked again. Each check invokes respond. */
export const lookAgainMs = 5 * 60_000;
/** The same for an unreadable switch, which usually recovers soon, while the device is not contained. */
export const readAgainMs = 60_000;

interface Judged {
  readonly playbook: Playbook | undefined;
  /** The earlier record of the behavior. */
  readonly known: ViolationRecord | undefined;
  /** Whether the alarm is new, so that people don't know of it yet. */
  readonly rises: boolean;
}

/** Contains a thing that is not held, or says why not. */
export function* containOrHoldBack(
  recorded: Case,
  violation: Finding,
  { playbook, known, rises }: Judged,
  context: Informed,
): Deciding<Case> {
  const actions = playbook
    ? chooseActions(playbook, recorded.pastContainments ?? [], context.facts, context.now)
    : [];
  const { guards, sources } = context.configuration;
  const verdict = yield* evaluateGuards({
    ...context,
    ...{ playbook, actions, guards, finding: violation, senders: sources.external },
    isCounted: holdsThing(recorded),
    isRejected: isRejected(recorded, violation),
  });
  if (verdict.outcome === 'contain')
    return planContainment(named(recorded, playbook), playbook, actions, 'playbook', context);
  // Judged again, since the obstacle may no longer exist; but an announced refusal is not announced again.
  const key = findingKey(violation);
  const { reason } = verdict;
  const isExcepted = reason.code === 'excepted';
  const marked = isExcepted ? markExcepted(recorded, key, reason) : recorded;
  if (!rises || (isExcepted && isEqual(known?.excepted, reason))) return marked;
  const { caseId } = marked;
  const isTold = yield* isLimitTold(reason, caseId);
  const act = (next: Case) => holdBack(next, key, verdict, playbook, { ...context, isLimitTold: isTold });
  return announceOnce(marked, key, known, act, context);
}

/** Whether the limit was announced with another case that waits for it. */
function* isLimitTold(reason: Refusal['reason'], caseId: string): Deciding<boolean> {
  if (reason.code === 'fleet-limit') return !(yield* need('fleetNotice', { caseId }));
  if (reason.code !== 'sender-limit') return false;
  const { sender, withinMs } = reason;
  return !(yield* need('fleetNotice', { caseId, sender, withinMs }));
}

function markExcepted(current: Case, key: string, excepted: Refusal['reason']): Case {
  const entry = current.violations[key];
  return entry
    ? { ...current, violations: { ...current.violations, [key]: { ...entry, excepted } } }
    : current;
}

/** Records why nothing is done, or that a person is asked. */
function holdBack(
  record: Case,
  behavior: string,
  refusal: Refusal,
  playbook: Playbook | undefined,
  { configuration, now, isLimitTold }: Context & { readonly isLimitTold: boolean },
): Case {
  const asks = refusal.outcome === 'ask';
  // An unfinished release or a refused action must not be forgotten, so the case keeps its status.
  const leftOver = record.ledger.some(({ status }) => status !== 'reverted');
  // Nor must a pending approval be lost because another violation is only observed, or is less severe.
  const waits = record.status === 'awaiting-approval';
  if (leftOver || (waits && (!asks || isMilder(playbook, record)))) {
    const { reason: waitsFor } = record;
    const further: News = {
      code: 'nothing-further',
      behavior,
      reason: refusal.reason,
      ...(waits && waitsFor && { waits: waitsFor }),
    };
    return announce(record, 'new-violation', [further], now);
  }
  // Where several playbooks ask, the approval is for the first one in cordon.yml, whichever alarm came first.
  const asking = configuration.playbooks.find(
    ({ name }) =>
      name === playbook?.name || (record.status === 'awaiting-approval' && name === record.playbook),
  );
  const { dueAt: lookAt, heldBackBy: before, quiet: _quiet, ...rest } = named(record, asking);
  // A violation that is only observed must not replace one that the kill switch held back.
  const { reason } = refusal;
  const bySwitch = reason.code === 'kill-switch';
  const heldBackBy = bySwitch ? reason.code : asks ? undefined : before;
  const byLimit = reason.code === 'fleet-limit' || reason.code === 'sender-limit';
  const held = {
    ...rest,
    reason,
    ...(heldBackBy && { heldBackBy }),
    ...(byLimit && isLimitTold && { quiet: true as const }),
  };
  const expiresAt = bySwitch ? now + readAgainMs : findExpiry(configuration, now);
  const lookAgainAt = bySwitch ? now + lookAgainMs : heldBackBy && lookAt;
  const next: Case = asks
    ? { ...held, status: 'awaiting-approval', dueAt: expiresAt }
    : { ...held, status: 'observed', ...(lookAgainAt && { dueAt: lookAgainAt }) };
  const { status } = next;
  const news: News[] = byLimit && !isLimitTold ? [reason, { code: 'others-wait' }] : [reason];
  // Once events are counted instead of listed, repeated actions of the device add no row.
  const isFolded = record.foldedEvents !== undefined && status === record.status;
  const noted = isFolded ? next : note(next, { at: now, event: { code: 'status', status, reason } });
  const told = announce(noted, asks ? 'approval-needed' : 'observed', news, now);
  // People already know about the held device; its reports about other things must not cause a message each.
  return reason.code === 'reporter-held' ? quieten(told) : told;
}

/** Limits the newest announcement to other systems. */
function quieten(record: Case): Case {
  const announcements = record.outbox.announcements.map((pending) =>
    pending.seq === record.announcementSeq ? { ...pending, quiet: true as const } : pending,
  );
  return { ...record, outbox: { ...record.outbox, announcements } };
}
