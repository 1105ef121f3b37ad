import { hasTransient } from '../case/ledger-entry';
import type { PersonRequest } from '../case/person-request';
import type { LeftOut, Objection, Reason, Refusal } from '../case/reasons';
import type { Withheld } from '../guards/kill-switch';
import type { Exemption, FleetLimitReached, Shared } from '../guards/reasons';
import { writeDuration } from '../words';
import { nameOrder } from './describe-action';
import { describeAll } from './describe-detail';
import { describeKillSwitch } from './describe-kill-switch';
import { nameFinding } from './describe-value';

/** The words of each reason why a case stands as it does. */
export function describeReason(reason: Reason): string {
  switch (reason.code) {
    case 'no-playbook':
      return `no playbook ${reason.kind ? `names its ${reason.kind === 'audit' ? 'check' : 'source'}` : 'matches this behavior'}`;
    case 'playbook-observes':
      return `playbook ${reason.playbook} only observes`;
    case 'playbook-asks':
      return `playbook ${reason.playbook} asks before it acts`;
    case 'kill-switch':
      return describeWithheld(reason);
    case 'facts-unavailable':
      return `the thing could not be looked up (${reason.error}), so exemptions are unknown`;
    case 'not-registered':
      return 'the thing is not in the registry, so there is nothing to contain';
    case 'exempt':
      return describeExemption(reason);
    case 'excepted':
      return `playbook ${reason.playbook} excepts it: ${reason.exceptions.join(', ')}`;
    case 'reporter-held':
      return `the report came from a certificate of ${reason.heldBy.join(', ')}, which is held, so it may be forged`;
    case 'named-by-device':
      return `${reason.sender} names the thing only as device.${reason.text}, which another machine may have too: compare before you approve`;
    case 'foreign-reporter':
      return 'the report came from a certificate that is not attached to this thing, so it may be forged';
    case 'shared':
      return describeShared(reason);
    case 'fleet-limit':
      return `the fleet limit is reached: ${describeFleetLimit(reason)}`;
    case 'sender-limit':
      return `${reason.sender} has reached its limit: ${describeFleetLimit(reason)}`;
    case 'rejected-before':
      return 'an operator rejected a containment for this';
    case 'rejected':
      return `rejected ${describeActor(reason)}`;
    case 'approval-expired':
      return `nobody approved in time${reason.asked ? ` (${describeReason(reason.asked)})` : ''}`;
    case 'requested':
      return `${describeWaiting(reason)}${reason.comment ? `: ${reason.comment}` : ''}`;
    case 'drift':
      return 'the thing is in the quarantine group without a case: somebody else put it there';
    case 'evades':
      return `came back with cached rights; cut at each connect until ${writeTime(reason.until)}`;
    case 'not-applied':
      return `not applied, since ${describeKillSwitch(reason.killSwitch)}: ${reason.actions.join(', ')}`;
    case 'unverified':
      return `applied, not verified yet: ${describeAll(reason.detail) ?? 'waiting'}`;
    case 'not-denied':
      return describeAll(reason.detail) ?? 'the denial could not be verified';
    case 'release-conflict': {
      const all = reason.conflicts.map(
        ({ action, detail }) =>
          `${action}: ${describeAll(detail) ?? 'somebody changed what it would restore'}`,
      );
      return [...all, ...(hasTransient(reason.conflicts) ? ['Cordon tries again each minute'] : [])].join(
        '; ',
      );
    }
    case 'cleared':
      return `${reason.after ? `${describeReason(reason.after)}; ` : ''}all violations cleared`;
    case 'released':
      return `released: ${describeRestored(reason.left)}`;
    case 'dismissed': {
      const left = describeAll(reason.left.flat());
      return `dismissed ${describeActor(reason)}${left ? `; left as it is: ${left}` : ''}`;
    }
    case 'clear-without-alarm':
      return 'the end of an alarm arrived before the alarm';
    case 'text':
      return reason.text;
  }
}

export function describeRestored(left: Extract<Reason, { code: 'released' }>['left']): string {
  return `everything is as it was before${left.length > 0 ? `, except for this: ${describeAll(left)}` : ''}`;
}

function describeActor({ actor, comment }: { readonly actor: string; readonly comment?: string }): string {
  return `by ${actor}${comment ? `: ${comment}` : ''}`;
}

/** Why nothing may be applied. */
function describeWithheld({ killSwitch }: Withheld): string {
  const seen = describeKillSwitch(killSwitch);
  return killSwitch.state === 'on' ? `${seen}: every action is off` : `${seen}, so it may be on`;
}

function describeExemption({ thingGroup, attribute }: Exemption): string {
  return `the thing is exempt: ${attribute ? `attribute ${attribute.name}=${attribute.value}` : `thing group ${thingGroup}`}`;
}

function describeShared({ object, name, holders }: Shared): string {
  const verb = object === 'certificate' ? 'used' : 'held';
  return `${object} ${name} is ${verb} by ${holders.join(', ')} as well`;
}

function describeFleetLimit({ things, percent, withinMs }: Omit<FleetLimitReached, 'code'>): string {
  return `${things} thing${things === 1 ? '' : 's'}${percent === undefined ? '' : ` or ${percent} %`} within ${writeDuration(withinMs)}`;
}

/** Epoch ms as hours, minutes and seconds of UTC, without a clock. */
export function writeTime(at: number): string {
  const parts = [Math.floor(at / 3_600_000) % 24, Math.floor(at / 60_000) % 60, Math.floor(at / 1_000) % 60];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')} UTC`;
}

export function describeLeftOut(why: LeftOut): string {
  switch (why.code) {
    case 'cut-reconnects':
      return 'cordon.yml says untilPoliciesSpread: cut-reconnects';
    case 'shared':
      return describeShared(why);
    case 'session-while-inactive':
      return `a session of ${why.clientId} began though the thing's own certificates are inactive`;
    case 'text':
      return why.text;
  }
}

/** The answer to the sender of a command that changes nothing. */
export function describeRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'kill-switch':
      return describeWithheld(refusal);
    case 'case-closed':
      return 'its case is closed';
    case 'taken-up-before':
      return 'already handled';
    case 'late-event':
      return 'a repeated or late event';
    case 'own-echo':
      return 'a side effect of the containment itself';
    case 'late-clear':
      return 'the end of an alarm that no open case has';
    case 'nothing-due':
      return 'nothing is due';
    case 'no-case':
      return 'the thing has no case';
    case 'no-open-case':
      return 'the thing has no open case';
    case 'has-open-case':
      return 'the thing has an open case';
    case 'not-in-quarantine-group':
      return 'the thing is not in the quarantine group';
    case 'not-held':
      return 'the thing is not held';
    case 'session-under-denial':
      return 'the session began after the denial had spread';
    case 'older-session':
      return 'a newer session of the client is known';
    case 'nothing-awaits-approval':
      return 'nothing awaits approval';
    case 'already-held':
      return `the thing is already held (${refusal.status})`;
    case 'facts-unavailable':
      return `the thing could not be looked up (${refusal.error})`;
    case 'not-registered':
      return 'the thing is not in the registry';
    case 'already-releasing':
      return 'the thing is being released already';
    case 'nothing-holds':
      return `nothing holds the thing (${refusal.status}); dismiss the case instead`;
    case 'held':
      return `the thing is held (${refusal.status}); release it first`;
    case 'held-so-already':
      return 'these actions already hold the thing, or are not possible now';
    case 'no-rights':
      return `no playbook of cordon.yml names ${refusal.actions.join(', ')}, so Cordon has no rights for it`;
    case 'no-comment':
      return 'the command has no comment';
    case 'second-person':
      return describeSecondPerson(refusal);
    case 'needs-force':
      return describeObjection(refusal.objection);
    case 'text':
      return refusal.text;
  }
}

/** An order that waits for a second person. */
export function describeRequest({ expires: until, ...request }: PersonRequest): string {
  return describeWaiting({ ...request, until });
}

function describeWaiting({ action, actor, until }: WaitingWords): string {
  return `${nameOrder(action ?? '')} by ${actor} waits for a second person until ${writeDayAndTime(until)}`;
}

/** `2026-11-30 14:34 UTC` */
export function writeDayAndTime(at: number): string {
  // biome-ignore lint/style/noRestrictedGlobals: writes a time that is given, and reads no clock.
  const [day, time = ''] = new Date(at).toISOString().split('T');
  return `${day} ${time.slice(0, 5)} UTC`;
}

interface WaitingWords {
  readonly action: string | undefined;
  readonly actor: string | undefined;
  readonly until: number;
}

function describeSecondPerson({
  why,
  action,
  actor,
  until = 0,
}: Extract<Refusal, { code: 'second-person' }>) {
  if (why === 'unproven')
    return 'it needs two people, and this way of sending it does not prove who you are (docs/two-people.md)';
  const waiting = describeWaiting({ action, actor, until });
  if (why === 'same') return `${waiting}, and you asked for it`;
  return why === 'other-source'
    ? `${waiting}, who must send the order in the same way, since you may be the one who asked`
    : `${waiting}: confirm just that, or reject it first`;
}

function describeObjection(objection: Objection): string {
  switch (objection.code) {
    case 'exempt':
      return `${describeExemption(objection)}; force it if you intend this`;
    case 'shared':
      return `${describeShared(objection)}; force it if they may be affected`;
    case 'kill-switch':
      return `${describeWithheld(objection)}; force it if the switch is known to be off`;
    case 'still-in-alarm':
      return `${nameFinding(objection.behavior)} is still in alarm, and its playbook would contain the thing again at once; end what causes it and wait for a report without it, or force it`;
  }
}
