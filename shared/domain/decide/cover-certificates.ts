import type { ActionName } from '../actions/registry';
import type { Case } from '../case/case';
import { countAnew, extendLedger, planMore, replanCut } from '../case/ledger';
import type { CertificateNews } from '../case/news';
import { announce, note } from '../case/outbox';
import { listLeftOut } from '../case/temporary-deactivation';
import type { Facts, KnownFacts, PrincipalFacts } from '../facts';
import { groupBy } from '../group-by';
import { addBackups } from '../guards/choose-actions';
import { findShared } from '../guards/shared-objects';
import type { Informed } from './decision';
import { listHolding } from './plan';

/**
 * Plans denials for certificates that the containment does not cover yet: newly attached ones, and ones that the
 * quarantine group no longer binds, because their policies reach beyond it now or they were detached from the thing. A certificate that others use is left alone, and does not delay the others.
 */
export function coverCertificates(current: Case, context: Informed): Case {
  const { facts, now, configuration } = context;
  if (facts.kind !== 'known') return current;
  const known = current.facts?.kind === 'known' ? current.facts.principals : [];
  const held = listHolding(current);
  const objectTo = (one: PrincipalFacts) =>
    findShared(addBackups(held, [one]), configuration.guards.maxThingsSharingPolicy, narrow(facts, [one]));
  const found = facts.principals.filter((one) => !isCovered(one, known, held));
  const notHeld = findNotHeld(current.facts, facts);
  if (found.length === 0 && !notHeld) return current;
  const own = found.filter((one) => !objectTo(one));
  const others = found.flatMap((one) => {
    const objection = objectTo(one);
    return objection ? [{ ...nameCertificates([one], known), objection }] : [];
  });
  const planning = { ...context, caseId: current.caseId, clientIds: [], violationIds: [] };
  const deniable = facts.principals.filter((one) => !objectTo(one));
  const extended = extendLedger(current.ledger, { ...planning, facts: narrow(facts, own) });
  const backups = addBackups(held, own).filter((action) => !held.includes(action));
  const ledger = backups.reduce(
    (entries, action) => planMore(entries, action, { ...planning, facts: narrow(facts, deniable) }),
    extended,
  );
  const { leftOut: _leftOut, ...rest } = current;
  const leftOut = listLeftOut(ledger, planning);
  const seen: Case = {
    ...rest,
    facts: keepBefore(current.facts, facts),
    ...(leftOut.length > 0 && { leftOut }),
  };
  const next: Case = own.length > 0 ? { ...seen, ledger: replanCut(countAnew(ledger, now)) } : seen;
  const news = [
    ...[...groupBy(own, (one) => changeOf(one, known)).values()].map((some) => nameCertificates(some, known)),
    ...others,
    ...(notHeld ? [notHeld] : []),
  ];
  const noted = news.reduce((record, event) => note(record, { at: now, event }), next);
  return announce(noted, 'new-certificate', news, now);
}

/** Certificates attached meanwhile, and the state of the others at the containment: a release names every difference. */
function keepBefore(before: Facts | undefined, now: KnownFacts): KnownFacts {
  if (before?.kind !== 'known') return now;
  const { groups, principals } = before;
  const known = principals.map((one): PrincipalFacts => {
    const { escapesGroup, sharedWith } = now.principals.find(({ arn }) => arn === one.arn) ?? one;
    return { ...one, escapesGroup, sharedWith };
  });
  const came = now.principals.filter(({ arn }) => !known.some((one) => one.arn === arn));
  const since = came.map((one): PrincipalFacts => ({ ...one, attachedSince: true }));
  return { ...now, groups, principals: [...known, ...since] };
}

function findNotHeld(before: Facts | undefined, { otherPrincipals = [] }: KnownFacts) {
  const known = (before?.kind === 'known' && before.otherPrincipals) || [];
  const principals = otherPrincipals.filter((one) => !known.includes(one));
  return principals.length > 0 ? ({ code: 'not-held', principals } as const) : undefined;
}

function isCovered(
  one: PrincipalFacts,
  known: readonly PrincipalFacts[],
  held: readonly ActionName[],
): boolean {
  const before = known.find(({ arn }) => arn === one.arn);
  const needsDenial = addBackups(held, [one]).length > held.length;
  return before !== undefined && (!needsDenial || before.escapesGroup);
}

function nameCertificates(
  principals: readonly PrincipalFacts[],
  known: readonly PrincipalFacts[],
): CertificateNews {
  const [first] = principals;
  return {
    code: 'certificate',
    change: first ? changeOf(first, known) : 'attached',
    certificateIds: principals.map(({ certificateId }) => certificateId),
  };
}

function changeOf({ arn, isDetached }: PrincipalFacts, known: readonly PrincipalFacts[]) {
  if (!known.some((old) => old.arn === arn)) return 'attached';
  return isDetached ? 'detached' : 'escapes-group';
}

/** The same facts, of these certificates alone. */
function narrow({ policies, ...facts }: KnownFacts, principals: readonly PrincipalFacts[]): KnownFacts {
  const names = new Set(principals.flatMap((one) => one.policies));
  return {
    ...facts,
    principals,
    ...(policies && { policies: policies.filter(({ policyName }) => names.has(policyName)) }),
  };
}
