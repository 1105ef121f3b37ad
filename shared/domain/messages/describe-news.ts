import { descriptorOf } from '../actions/registry';
import type { CertificateNews, News, Strength } from '../case/news';
import { writeDuration } from '../words';
import { nameOrder } from './describe-action';
import { describeAll, nameCertificate } from './describe-detail';
import {
  describeLeftOut,
  describeReason,
  describeRefusal,
  describeRestored,
  writeTime,
} from './describe-reason';
import { nameFinding } from './describe-value';

/** The news of an announcement as one text. */
export function describeAllNews(news: readonly News[]): string {
  return news.map(describeNews).join('; ');
}

function describeNews(news: News): string {
  switch (news.code) {
    case 'denied':
      return 'the denial is verified';
    case 'restored':
      return describeRestored(news.left);
    case 'deactivation-over':
      return ['the temporary deactivation is over', describeAll(news.detail)].filter(Boolean).join('; ');
    case 'further-violation': {
      const { behavior, without } = news;
      const why = without
        ? `; its playbook also names ${without.actions.join(', ')}, which Cordon does not apply: ${describeReason(without.reason)}`
        : '';
      return `${nameFinding(behavior)} is in alarm as well; the thing is already held${why}`;
    }
    case 'nothing-further': {
      const waits = news.waits ? `; the case still waits for approval: ${describeReason(news.waits)}` : '';
      return `${nameFinding(news.behavior)} is in alarm as well: ${describeReason(news.reason)}${waits}`;
    }
    case 'held-harder':
      return `${nameFinding(news.behavior)} is in alarm as well; hardened by ${news.actions.join(', ')}`;
    case 'no-longer-undermined':
      return `a later audit found that ${news.object === 'policy' ? `policy ${news.name}` : nameCertificate(news.name)} is no longer a way round the containment`;
    case 'foreign-clear':
      return describeForeignClear(news.behavior);
    case 'refused':
      return `${nameOrder(news.command)} by ${news.actor} was refused: ${describeRefusal(news.refusal)}`;
    case 'nobody-on-it': {
      const next =
        news.nextMs === undefined
          ? 'this is the last reminder'
          : `announced again in ${writeDuration(news.nextMs)}, unless somebody comments, is assigned or acts`;
      return `nobody has taken it since ${writeTime(news.since)}; ${next}`;
    }
    case 'certificate':
      return `${describeCertificate(news)}: ${describeCovered(news)}`;
    case 'others-wait':
      return 'other things that wait for it cause no message: cordon list shows them';
    case 'others-rejected':
      return 'other cases that waited for the fleet limit end without a message';
    case 'others-violated':
      return 'further behaviors cause no message for ten minutes: their cases list them';
    case 'replaced':
    case 'unproven':
    case 'not-proven-yet':
    case 'deactivation-failed':
    case 'certificates-held':
    case 'left-out':
    case 'inactive-before':
    case 'not-held':
    case 'undermined':
      return describeStrength(news);
    default:
      return describeReason(news);
  }
}

/** How strong a containment is, and what it leaves out. */
export function describeStrength(strength: Strength): string {
  switch (strength.code) {
    case 'replaced': {
      const { action, standsInFor, detail } = strength;
      const words = descriptorOf(standsInFor ?? action).backup?.words;
      return standsInFor
        ? `${action} was refused (${describeAll(detail) ?? 'no reason'}): ${words?.inPlace}`
        : `${words?.missing} (${describeAll(detail) ?? 'refused'}): ${words?.inItsPlace}`;
    }
    case 'unproven':
      return `${strength.action} is applied, but AWS gives no proof of it: ${describeAll(strength.detail) ?? 'no answer'}`;
    case 'not-proven-yet':
      return `${strength.action} is applied, but not proven yet: ${describeAll(strength.detail) ?? 'not looked at'}`;
    case 'deactivation-failed':
      return `a certificate could not be made inactive, so each connect that AWS reports is cut: ${describeAll(strength.detail) ?? 'refused'}`;
    case 'certificates-held':
      return `its own certificates can't connect until the ${strength.until === 'spread' ? 'policies have spread' : 'release'}`;
    case 'left-out':
      return `a certificate stays active, so each connect that AWS reports is cut until the policies have spread: ${describeLeftOut(strength.why)}`;
    case 'inactive-before':
      return `${nameCertificate(strength.certificateId)} was ${strength.status} already`;
    case 'not-held':
      return describeNotHeld(strength.principals);
    case 'undermined':
      return strength.object === 'policy'
        ? `an audit found that policy ${strength.name} allows too much: it may be a way round the containment`
        : `an audit found that ${nameCertificate(strength.name)} was shared: another device may use it`;
  }
}

export function describeNotHeld(principals: readonly string[]): string {
  return `attached to the thing but no certificate, so not held: ${principals.join(', ')}; stop it where it gets its credentials`;
}

export function describeForeignClear(behavior: string): string {
  return `the clear of ${behavior} came from a certificate that is not attached to this thing, so it may be forged: it has no effect`;
}

export function describeCertificate({ change, certificateIds }: CertificateNews): string {
  const names = certificateIds.map((id) => id.slice(0, 8)).join(', ');
  const isOne = certificateIds.length === 1;
  const named = `${isOne ? 'certificate' : 'certificates'} ${names}`;
  switch (change) {
    case 'attached':
      return `${named} ${isOne ? 'was' : 'were'} attached while the thing is held`;
    case 'detached':
      return `${named} ${isOne ? 'was' : 'were'} detached from the thing, so the quarantine group no longer binds ${isOne ? 'it' : 'them'}`;
    case 'escapes-group':
      return `${named} can act where the quarantine group doesn't bind`;
  }
}

export function describeCovered({ objection, certificateIds }: CertificateNews): string {
  if (objection) return describeReason(objection);
  return certificateIds.length === 1 ? 'it is held as well' : 'they are held as well';
}
