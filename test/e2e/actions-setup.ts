import {
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DetachPolicyCommand,
  GetPolicyCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iot';
import { listIotRights } from '../../infra/template/respond-rights';
import { toList } from '../../local/aws/policy/to-list';
import type { Device } from '../../local/devices';
import type { PolicyDocument } from '../../local/types';
import { takeSnapshot } from '../../proof/snapshot';
import { type ActionName, actionNames } from '../../shared/domain/actions/registry';
import { aConfiguration, aPlaybook } from '../builders';
import { anAlert } from './alerts';
import type { EndToEnd } from './harness';

/** Behaviors that are out of bounds above 0, each with a custom metric of its name. */
export function writeProfiles(names: readonly string[]): string {
  const criteria = '{ comparisonOperator: less-than-equals, value: { number: 0 } }';
  return `
customMetrics:
${names.map((name) => `  ${name}: { type: number }`).join('\n')}
securityProfiles:
  myapp-processes:
    targets: [all/registered-things]
    behaviors:
${names.map((name) => `      - { name: ${name}, metric: ${name}, criteria: ${criteria} }`).join('\n')}`;
}

const behaviors = ['everything', 'by-group', 'by-certificate', 'by-defender', 'watched'];

/** One playbook for each way to contain, met by a behavior of the same name. */
export const configuration = `
detector: both
${writeProfiles(behaviors)}
playbooks:
  - name: everything
    when: { behavior: everything }
    mode: enforce
    actions: [quarantine, deny-certificate, replace-policy-version, deactivate-certificate, disconnect, job]
  - { name: by-group, when: { behavior: by-group }, mode: enforce, actions: [quarantine, disconnect] }
  - name: by-certificate
    when: { behavior: by-certificate }
    mode: enforce
    actions: [quarantine, deny-certificate, disconnect]
  - name: by-defender
    when: { behavior: by-defender }
    mode: enforce
    actions: [quarantine, detect-mitigation-task, disconnect]
  - { name: of-siem, when: { source: siem, severity: high }, mode: enforce, actions: [quarantine, disconnect] }
  - name: shared-certificate
    when: { auditCheck: DEVICE_CERTIFICATE_SHARED_CHECK }
    mode: approve
    actions: [deactivate-certificate]
  - { name: anything-else, mode: observe }
sources:
  deviceDefender: { audit: true }
  external:
    - name: siem
      publishers: ['arn:aws:iam::000000000000:role/siem']
      eventPattern: { source: [acme.ndr] }
      limit: { things: 1, within: 1h }
guards:
  fleetLimit: { things: 100, within: 10m }
`;

/** A device with a policy of its own, as nobody may replace the version of one that others hold. */
export async function enrollAlone(
  e2e: EndToEnd,
  thingName: string,
  policyDocument?: string,
): Promise<Device> {
  const device = await e2e.enroll(thingName);
  const shared = await e2e.iot.send(new GetPolicyCommand({ policyName: 'device' }));
  const policyName = `own-${thingName}`;
  const target = device.certificateArn;
  await e2e.iot.send(
    new CreatePolicyCommand({ policyName, policyDocument: policyDocument ?? shared.policyDocument }),
  );
  await e2e.iot.send(new AttachPolicyCommand({ policyName, target }));
  await e2e.iot.send(new DetachPolicyCommand({ policyName: 'device', target }));
  return device;
}

/** All that a containment could have changed of the thing. */
export async function readState(e2e: EndToEnd, thingName: string) {
  const { policyVersions = [] } = await e2e.iot.send(
    new ListPolicyVersionsCommand({ policyName: `own-${thingName}` }),
  );
  const versions = policyVersions.map(({ versionId, isDefaultVersion }) => [versionId, isDefaultVersion]);
  return { versions, snapshot: await takeSnapshot(e2e.iot, thingName) };
}

export const alertOf = (thingName: string, behavior: string, over: Readonly<Record<string, unknown>> = {}) =>
  anAlert(thingName, {
    behavior: {
      criteria: { value: { number: 0 }, comparisonOperator: 'less-than-equals' },
      name: behavior,
      metric: behavior,
    },
    ...over,
  });

/** The findings of Device Defender, which it publishes on the topic on request. */
export async function violate(
  e2e: EndToEnd,
  thingName: string,
  behavior: string,
  { told }: { told: boolean },
): Promise<string> {
  const { violationId } = e2e.stack.registry.defender.setViolation({
    thingName,
    securityProfileName: 'myapp-processes',
    behaviorName: behavior,
    value: { number: 1 },
  });
  if (told) await e2e.publishAlert(alertOf(thingName, behavior, { violationId }));
  return violationId;
}

/** IAM actions that respond may use only if a playbook names the mitigation action that needs them. */
export const rightsOfNamedActions = listRightsOfNamedActions();

function listRightsOfNamedActions(): readonly string[] {
  const always = listRights([]);
  return listRights(actionNames).filter((action) => !always.includes(action));
}

/** What the role may do where a playbook names these actions. */
function listRights(actions: readonly ActionName[]): readonly string[] {
  const configuration = aConfiguration({ playbooks: [aPlaybook({ actions: [...actions] })] });
  return listIotRights(configuration).flatMap((right) => right.actions);
}

/** Takes IAM actions from the role of respond; the returned function gives them back. */
export async function takeRights(
  { stack }: EndToEnd,
  taken: readonly string[],
): Promise<() => Promise<void>> {
  const { url: endpoint, operatorCredentials: credentials } = stack.aws.gateway;
  const iam = new IAMClient({ endpoint, region: stack.identity.region, credentials });
  const RoleName = stack.deployed.resources.RespondRole?.physicalId;
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const put = (PolicyName: string, PolicyDocument: string) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  const documents = new Map<string, string>();
  for (const PolicyName of PolicyNames) {
    const policy = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const text = decodeURIComponent(policy.PolicyDocument ?? '');
    documents.set(PolicyName, text);
    const document: PolicyDocument = JSON.parse(text);
    const Statement = toList(document.Statement)
      .map((one) => ({
        ...one,
        Action: toList(one.Action ?? []).filter((action) => !taken.includes(action)),
      }))
      .filter(({ Action }) => Action.length > 0);
    await put(PolicyName, JSON.stringify({ ...document, Statement }));
  }
  return async () => {
    for (const [name, text] of documents) await put(name, text);
    iam.destroy();
  };
}
