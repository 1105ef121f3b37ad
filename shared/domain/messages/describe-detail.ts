import { descriptorOf } from '../actions/registry';
import type { Detail } from '../case/details';

/** Several details as one text; undefined if there are none. */
export function describeAll(details: readonly Detail[] | undefined): string | undefined {
  return details?.map(describeDetail).join('; ') || undefined;
}

/** The words of what a step did or found. */
function describeDetail(detail: Detail): string {
  switch (detail.code) {
    case 'aws-error':
      return `${detail.name}: ${detail.message}`;
    case 'text':
      return detail.text;

    case 'certificates-inactive':
      return detail.certificateIds.length > 0
        ? `no longer active: ${nameAll(detail.certificateIds)}`
        : 'no certificate was active';
    case 'certificates-cannot-connect':
      return `${nameAll(detail.certificateIds)} can't connect`;
    case 'certificate-status':
      return `${nameCertificate(detail.certificateId)} is ${detail.status}`;
    case 'no-certificate-to-deactivate':
      return 'no certificate is attached to the thing, so there is nothing to deactivate';
    case 'certificates-restored':
      return 'its certificates have the status they had before';
    case 'certificate-deleted':
      return `${nameCertificate(detail.certificateId)} was deleted meanwhile`;
    case 'certificate-not-active':
      return `${nameCertificate(detail.certificateId)} was ACTIVE before and is ${detail.status} now`;
    case 'certificate-changed':
      return detail.isUnclaimed
        ? `${nameCertificate(detail.certificateId)} is ${detail.status}, and stays so: this case has no record of setting it`
        : `${nameCertificate(detail.certificateId)} was set ${detail.status} by somebody else, and stays so`;
    case 'certificate-held':
      return `${nameCertificate(detail.certificateId)} stays denied for ${detail.heldBy.join(', ')}`;
    case 'certificate-unseen':
      return `${nameCertificate(detail.certificateId)} could not be read: ${detail.error}`;
    case 'certificate-policies':
      return `${nameCertificate(detail.certificateId)} ${detail.change} ${detail.policies.join(', ')} meanwhile`;
    case 'certificate-moved':
      return `${nameCertificate(detail.certificateId)} was ${detail.change === 'attached' ? 'attached to' : 'detached from'} the thing meanwhile`;

    case 'denied-on':
      return `policy ${detail.policyName} is on ${nameAll(detail.certificateIds) || 'no certificate'}`;
    case 'denial-taken-off':
      return `policy ${detail.policyName} was on ${nameCertificate(detail.certificateId)} before, and somebody detached it`;
    case 'denials-removed':
      return `policy ${detail.policyName} is detached from the certificates that did not have it before`;
    case 'no-certificate-to-test':
      return 'no certificate is attached to the thing, so no denial can be shown';
    case 'certificates-gone':
      return `nothing can connect: ${nameAll(detail.certificateIds)} deleted`;
    case 'publish-denied':
      return `publish is explicitly denied for ${nameAll(detail.certificateIds)}, by ${detail.by.map((source) => (source === 'status' ? 'its status' : source)).join(' and ')}`;
    case 'publish-not-denied':
      return describePublish(detail);

    case 'policies-deny':
      return detail.policies.length > 0
        ? `the default version of ${detail.policies.map(namePolicy).join(', ')} denies`
        : 'the thing has no policy';
    case 'policy-not-replaced':
      return `the default version of policy ${detail.policyName} is not Cordon's yet`;
    case 'no-policy-to-replace':
      return 'the thing has no policy to replace';
    case 'policy-deleted':
      return `policy ${detail.policyName} was deleted meanwhile`;
    case 'policy-held':
      return `policy ${detail.policyName} stays denied for ${detail.heldBy.join(', ')}`;
    case 'policy-restored': {
      const { policyName, versionId, renumbered } = detail;
      const more = renumbered ? `; its version ${renumbered.from} came back as version ${renumbered.to}` : '';
      return `policy ${policyName} has its default version ${versionId} again${more}`;
    }
    case 'version-renumbered':
      return `version ${detail.from} of policy ${detail.policyName} is version ${detail.to} now`;
    case 'default-version-changed':
      return `the default version of policy ${detail.policyName} is ${detail.versionId === undefined ? '' : `${detail.versionId}, which is `}neither Cordon's nor ${detail.before} from before`;
    case 'default-version-deleted':
      return `version ${detail.versionId} of policy ${detail.policyName}, the default before, was deleted`;
    case 'version-added':
      return `version ${detail.versionId} of policy ${detail.policyName} was made while it was held; the default before was ${detail.before}`;

    case 'in-group':
      return `in group ${detail.thingGroup}${detail.isDeniedOtherwise ? '; its certificates are denied themselves' : ''}`;
    case 'not-in-group-yet':
      return `not listed in group ${detail.thingGroup} yet`;
    case 'stays-in-group':
      return `the thing stays in group ${detail.thingGroup}, where it was before`;
    case 'taken-out-of-group':
      return `the thing was in group ${detail.thingGroup} before, and somebody removed it`;
    case 'not-in-group':
      return `the thing is not in group ${detail.thingGroup}`;
    case 'left-group':
      return `the thing left group ${detail.thingGroup}`;
    case 'thing-deleted':
      return 'the thing was deleted meanwhile';
    case 'group-changed':
      return `the thing ${detail.change === 'joined' ? 'joined' : 'left'} group ${detail.thingGroup} meanwhile`;
    case 'groups-unseen':
      return `the thing's groups could not be read: ${detail.error}`;
    case 'certificates-unlisted':
      return `the thing's certificates could not be listed: ${detail.error}`;

    case 'sessions-ended':
      return detail.clientIds.length > 0
        ? `session of ${detail.clientIds.join(', ')} ended`
        : 'was not connected';
    case 'no-old-session':
      return 'no session with the old rights';
    case 'old-session':
      return `${detail.clientId} is connected with a session older than the denial`;
    case 'may-connect':
      return 'the device may connect again';
    case 'client-refused':
      return `the session of ${detail.clientId} could not be ended: ${detail.error}`;
    case 'clients-unnameable':
      return `the session of ${detail.clientIds.join(', ')} can't be ended: AWS IoT accepts no such client id`;
    case 'clients-forgotten':
      return 'its certificates had more client ids than Cordon keeps: AWS itself ends the sessions under the others';

    case 'action':
      return describeOwn(detail);
  }
}

/** Details that only one action has. A newer Cordon may have more of them. */
function describeOwn({ action, what, names }: Extract<Detail, { code: 'action' }>): string {
  return descriptorOf(action).details?.[what]?.(...names) ?? [what, ...names].join(' ');
}

function describePublish({
  certificateId,
  clientId,
  decision,
  error,
  effective,
}: Extract<Detail, { code: 'publish-not-denied' }>): string {
  const who = clientId === undefined ? 'without a client id' : `by client ${clientId}`;
  const would = describeDecision(`a publish ${who} with ${nameCertificate(certificateId)}`, decision, error);
  switch (effective?.state) {
    case 'listed':
      return `${would}, though GetEffectivePolicies lists the policy`;
    case 'not-listed':
      return `${would}, and GetEffectivePolicies lists no such denial`;
    case 'unknown':
      return `${would}, and GetEffectivePolicies gives ${describeNoAnswer(effective.error)}`;
    case undefined:
      return would;
  }
}

/** Describes the decision of TestAuthorization. */
function describeDecision(publish: string, decision: string | undefined, error: string | undefined): string {
  switch (decision) {
    case undefined:
      return `TestAuthorization gives ${describeNoAnswer(error)} about ${publish}`;
    case 'ALLOWED':
      return `${publish} is still allowed`;
    case 'IMPLICIT_DENY':
      return `${publish} is denied only because nothing allows it`;
    default:
      return `${publish} gets ${decision}`;
  }
}

function namePolicy(policyName: string): string {
  return `policy ${policyName}`;
}

function describeNoAnswer(error: string | undefined): string {
  return error === undefined ? 'no answer' : `no answer (${error})`;
}

/** `certificate 1a2b3c4d`: enough to find it, short enough to read. */
export function nameCertificate(certificateId: string): string {
  return `certificate ${certificateId.slice(0, 8)}`;
}

function nameAll(certificateIds: readonly string[]): string {
  return certificateIds.map(nameCertificate).join(', ');
}
