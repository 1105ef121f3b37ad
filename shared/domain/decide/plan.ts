import { type ActionName, descriptorOf } from '../actions/registry';
import type { Case } from '../case/case';
import { findRefused, isCut, planLedger, replaceRefused, reverify } from '../case/ledger';
import { holdsThing, type LedgerEntry } from '../case/ledger-entry';
import { byOperator, containAgain, retryMs } from '../case/lifecycle';
import { note, noteEvent } from '../case/outbox';
import type { PlanContext } from '../case/prior-state';
import { findTemporaryDeactivation, listLeftOut } from '../case/temporary-deactivation';
import { openViolations } from '../case/violation-record';
import type { Playbook } from '../configuration';
import { ownsCertificate } from '../facts';
import type { Finding } from '../findings/finding';
import { listEscalation } from '../guards/escalation';
import { compareSeverity } from '../severity';
import { agentClientId } from '../text';
import type { Informed } from './decision';

/** Actions that do not hold the thing yet. */
export function findMissing(record: Case, actions: readonly ActionName[]): ActionName[] {
  const holding = listHolding(record);
  return actions.filter((action) => !holding.includes(action));
}

/** Holds the thing, and is not being reverted. */
export function isHeld(record: Case): boolean {
  return holdsThing(record) && record.status !== 'releasing' && record.status !== 'release-conflict';
}

/** Actions that hold the thing, or may, until it is released. */
export function listHolding({ ledger }: Case): ActionName[] {
  return ledger.flatMap(({ action, status, temporary }) =>
    status === 'reverted' || status === 'conflict' || temporary ? [] : [action],
  );
}

/** Names the playbook that a case is under. */
export function named(record: Case, playbook: Playbook | undefined): Case {
  return { ...worsened(record, playbook), ...(playbook && { playbook: playbook.name }) };
}

export function isMilder(playbook: Playbook | undefined, { severity }: Case): boolean {
  return compareSeverity(playbook?.severity ?? 'medium', severity) < 0;
}

/** A case is as severe as the worst of its violations, whichever came first. */
export function worsened(record: Case, playbook: Playbook | undefined): Case {
  return playbook && !isMilder(playbook, record) ? { ...record, severity: playbook.severity } : record;
}

/** The largest number of containments for which an escalation can ask. */
const keptContainments = 20;

export function planContainment(
  record: Case,
  playbook: Playbook | undefined,
  wanted: readonly ActionName[],
  actor: string,
  context: Informed,
): Case {
  const {
    reason: _reason,
    containedAt: _containedAt,
    evadesUntil: _evadesUntil,
    escalation: _escalation,
    heldBackBy: _heldBackBy,
    quiet: _quiet,
    leftOut: _leftOut,
    decided: _decided,
    request: _request,
    isTold: _isTold,
    connects: _connects,
    ...rest
  } = record;
  const { now } = context;
  const violationIds = findDefenderIds(record);
  const isImpossible = (action: ActionName) =>
    descriptorOf(action).obstacle?.stands({ violationIds }) ?? false;
  const actions = wanted.filter((action) => !isImpossible(action));
  const impossible = wanted.filter(isImpossible);
  const escalation = playbook ? listEscalation(playbook, record.pastContainments ?? [], now) : [];
  const clientIds = findClientIds(record, context);
  const planning = { ...context, caseId: record.caseId, clientIds, violationIds };
  const ledger = planLedger(record.ledger, actions, { ...planning, isHeld: isHeld(record) });
  const leftOut = listLeftOut(ledger, planning);
  const temporary = findTemporaryDeactivation(ledger);
  const until = temporary && { until: temporary.action };
  return note(
    {
      ...rest,
      status: 'containing',
      ...(context.facts.kind === 'known' && { facts: context.facts }),
      ledger,
      ...(leftOut.length > 0 && { leftOut }),
      release: playbook?.release ?? byOperator,
      ...(escalation.length > 0 && { escalation }),
      pastContainments: [...(record.pastContainments ?? []), now].slice(-keptContainments),
      dueAt: now + retryMs,
    },
    { at: now, actor, event: { code: 'planned', actions, ...until, impossible } },
  );
}

/** Plans the backup of an action that AWS refused permanently, if there is one. */
export function makeUpFor(
  record: Case,
  context: Omit<PlanContext, 'caseId' | 'facts' | 'clientIds' | 'violationIds' | 'now'>,
  now: number,
): Case {
  const { caseId, facts = { kind: 'unavailable', reason: 'not looked up' } } = record;
  const planning = { ...context, caseId, facts, clientIds: [], violationIds: [], now };
  const ledger = replaceRefused(record.ledger, planning);
  const refused = findRefused(record.ledger);
  if (ledger === record.ledger || !refused) return record;
  const { action, detail } = refused.entry;
  const event = { code: 'backup-planned', action, ...(detail && { detail }) } as const;
  return note({ ...record, ledger }, { at: now, event });
}

/** Ids of Device Defender's own violations: it starts tasks for no others. */
function findDefenderIds(record: Case): string[] {
  return openViolations(record).flatMap(({ defenderId = '' }) =>
    isDefenderId.test(defenderId) ? defenderId : [],
  );
}

/**
 * An alert may be forged, and AWS refuses a whole task for one malformed id (API reference,
 * StartDetectMitigationActionsTask).
 */
const isDefenderId = /^[a-zA-Z0-9-]{1,128}$/;

/** A held device that reports under an id not known so far: its session is cut too, and the denial verified again. */
export function coverClientId(record: Case, { reporter }: Finding, now: number): Case {
  const cut = record.ledger.find(isCut);
  if (!reporter || !ownsCertificate(record.facts, reporter.principal) || !cut) return record;
  const known = descriptorOf(cut.action).clientIds?.list(cut.prior) ?? [];
  return known.includes(reporter.clientId) ? record : addClientId(record, reporter.clientId, now);
}

export function addClientId(record: Case, clientId: string, now: number): Case {
  const ledger = record.ledger.map((entry): LedgerEntry => {
    const { clientIds } = descriptorOf(entry.action);
    if (clientIds) return { ...entry, status: 'planned', prior: clientIds.add(entry.prior, clientId) };
    return reverify(entry);
  });
  return noteEvent(containAgain({ ...record, ledger }, now), {
    at: now,
    event: { code: 'other-client-id', clientId },
  });
}

/** The ids under which the device connects: its thing name, its agent's, and those its own certificate reported under. */
function findClientIds(record: Case, { thingName, facts }: Informed): string[] {
  const reporters = openViolations(record).flatMap(({ reporter }) =>
    reporter && ownsCertificate(facts, reporter.principal) ? [reporter.clientId] : [],
  );
  // The policies of a certificate must permit the client ids that enrolment assigns.
  const agent =
    facts.kind === 'known' && facts.principals.some(({ escapesGroup }) => escapesGroup)
      ? [agentClientId(thingName)]
      : [];
  return [...new Set([thingName, ...agent, ...reporters])];
}
