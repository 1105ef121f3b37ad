import { descriptorOf } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import type { Detail } from '../../shared/domain/case/details';
import { listCertificates } from '../../shared/domain/case/held-objects';
import { findDeniedAt, isCut } from '../../shared/domain/case/ledger';
import { findTouched } from '../../shared/domain/case/ledger-entry';
import type { Outcome, Step } from '../../shared/domain/case/steps';
import { findTemporaryDeactivation } from '../../shared/domain/case/temporary-deactivation';
import type { Configuration } from '../../shared/domain/configuration';
import { isRefusal } from '../../shared/errors';
import type { MitigationAction, MitigationContext } from '../../shared/mitigation/action';
import { mitigations } from '../../shared/mitigation/registry';

/** The ports of the mitigation actions. */
export type ActionPorts = Pick<
  MitigationContext,
  | 'things'
  | 'policies'
  | 'certificates'
  | 'jobs'
  | 'defender'
  | 'connections'
  | 'knownIds'
  | 'leases'
  | 'clock'
>;

export interface ActionOptions {
  readonly configuration: Configuration;
  readonly policyCacheMs: number;
  /** The policy that denies everything but the kept topics, and its document. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
}

/** Deliveries after which a failing step is recorded as failed, so that the others are done and people are notified. */
const patience = 4;

/** Performs one step of a saved plan. A refusal of AWS is an outcome; anything else is thrown, to be tried again. */
export async function perform(
  record: Case,
  { kind, entry }: Step,
  ports: ActionPorts,
  { configuration, policyCacheMs, denyPolicyName, denyDocument }: ActionOptions,
  attempt: number,
): Promise<Outcome> {
  const context: MitigationContext = {
    ...ports,
    thingName: record.thingName,
    clientIds: findClientIds(record),
    deniedAt: findDeniedAt(record.ledger),
    policyCacheMs,
    denyPolicyName,
    denyDocument,
    ownCertificates: listOwn(record),
    heldCertificates: listHeld(record),
    deniedCertificates: listDenied(record),
    temporarilyInactive: listTemporarilyInactive(record),
    touched: findTouched(entry),
    jobDocument: JSON.stringify(configuration.job.document),
  };
  // The table is keyed by the action that wrote the prior state, so the two fit.
  const action = mitigations[entry.action] as MitigationAction;
  try {
    const outcome = await action[kind](entry.prior, context);
    return outcome.result === 'refused' ? refused(outcome.detail, attempt > 1) : outcome;
  } catch (error) {
    if (!(error instanceof Error) || (!isRefusal(error) && attempt < patience)) throw error;
    const isTransient = !isRefusal(error) && { isTransient: true as const };
    const detail: Detail[] = [
      { code: 'aws-error', name: error.name, message: error.message, ...isTransient },
    ];
    if (kind === 'apply') return refused(detail, attempt > 1);
    return { result: kind === 'verify' ? 'unverified' : 'conflict', detail };
  }
}

/** An earlier delivery may have made the call, and ended before its outcome was saved. */
function refused(detail: readonly Detail[], isRepeated: boolean): Outcome {
  return { result: 'refused', detail, ...(isRepeated && { isUnsure: true }) };
}

/** Ids of the thing's certificates. */
function listOwn({ facts }: Case): readonly string[] {
  return facts?.kind === 'known' ? facts.principals.map(({ certificateId }) => certificateId) : [];
}

/** Ids of the certificates that the case denies or makes inactive, done or not. */
function listHeld({ ledger }: Case): readonly string[] {
  const ids = ledger.flatMap(({ status, prior }) => (status === 'reverted' ? [] : listCertificates(prior)));
  return [...new Set(ids)];
}

/** Certificates that are denied themselves, as AWS has accepted. */
function listDenied({ ledger }: Case): readonly string[] {
  return ledger.flatMap(({ action, status, prior }) =>
    status === 'applied' || status === 'verified' ? (descriptorOf(action).listDenied?.(prior) ?? []) : [],
  );
}

function listTemporarilyInactive({ ledger }: Case): readonly string[] {
  const prior = findTemporaryDeactivation(ledger)?.prior;
  return prior ? listCertificates(prior) : [];
}

/** The ids the device is known to connect under. */
function findClientIds({ thingName, ledger }: Case): readonly string[] {
  const cut = ledger.find(isCut);
  return (cut && descriptorOf(cut.action).clientIds?.list(cut.prior)) ?? [thingName];
}
