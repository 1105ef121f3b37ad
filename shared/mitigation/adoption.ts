import { nameQuarantinePolicy, writeQuarantinePolicy } from '../config/quarantine-policy';
import type { Configuration } from '../domain/configuration';
import { isNamed, type OwnResource } from './own-resource';
import { allowsAnything, findUndenied, listDenied } from './policy-coverage';

/** The quarantine group that the account has already, as AWS IoT describes it. */
interface Group {
  readonly isDynamic: boolean;
  readonly parents: readonly { readonly name: string; readonly arn: string }[];
}

export interface GroupReader {
  /** `arn:PARTITION:iot:REGION:ACCOUNT`. */
  readonly readArnPrefix: () => Promise<string>;
  readonly readGroup: (name: string) => Promise<Group | undefined>;
  readonly isBillingGroup: (name: string) => Promise<boolean>;
  readonly listPolicies: (targetArn: string) => Promise<readonly string[]>;
  /** Its default version; undefined if there is no such policy. */
  readonly readPolicy: (name: string) => Promise<string | undefined>;
  readonly hasMembers: (name: string) => Promise<boolean>;
  /** What the stack has made. */
  readonly listOwn: () => Promise<readonly OwnResource[]>;
}

interface Judged {
  /** Why the group can't be adopted; nothing was changed. */
  readonly refusals: readonly string[];
  /** What the deploy does to it. */
  readonly notices: readonly string[];
}

type Quarantine = Configuration['quarantine'];

/** Looks at the group and the policy that `quarantine` adopts, before a deploy changes anything. `prefix`: of the stack. */
export async function judgeAdoption(
  quarantine: Quarantine,
  prefix: string,
  reader: GroupReader,
): Promise<Judged> {
  if (!quarantine.adopt) return { refusals: [], notices: [] };
  const refusals = await refuseGroup(quarantine.thingGroup, reader);
  if (refusals.length > 0) return { refusals, notices: [] };
  const policyName = nameQuarantinePolicy(prefix, quarantine);
  const { thingGroup, keepTopics } = quarantine;
  const arnPrefix = await reader.readArnPrefix();
  const place = { thingGroup, policyName, arnPrefix, keepTopics };
  const attached = await reader.listPolicies(`${arnPrefix}:thinggroup/${thingGroup}`);
  const ofPolicy = quarantine.policy === undefined ? undefined : await judgePolicy(place, attached, reader);
  if (ofPolicy && ofPolicy.refusals.length > 0) return ofPolicy;
  const members = (await reader.hasMembers(thingGroup))
    ? [
        `thing group ${thingGroup} has members already. ${policyName} denies them all but the kept topics. No release takes them out.`,
      ]
    : [];
  return {
    refusals: [],
    notices: [...members, ...(ofPolicy?.notices ?? (await listOthers(place, attached, reader)))],
  };
}

interface Place {
  readonly thingGroup: string;
  readonly policyName: string;
  readonly arnPrefix: string;
  readonly keepTopics: readonly string[];
}

async function refuseGroup(thingGroup: string, reader: GroupReader): Promise<string[]> {
  const own = await reader.listOwn();
  const wanted = { type: 'AWS::IoT::ThingGroup', property: 'ThingGroupName', name: thingGroup };
  if (own.some((one) => isNamed(one, wanted)))
    return [
      `this stack created thing group ${thingGroup}, and would delete it now: leave quarantine.adopt out`,
    ];
  const group = await reader.readGroup(thingGroup);
  if (!group) return [await explainMissing(thingGroup, reader)];
  if (group.isDynamic)
    return [
      `${thingGroup} is a dynamic thing group: its query decides who is in it, so no thing can be added. Adopt a static group`,
    ];
  const parents = await listParentPolicies(group, reader);
  return parents.length === 0
    ? []
    : [
        `${thingGroup} would give contained things the policies of its parents: ${parents.join(', ')}. Adopt a group without such parents`,
      ];
}

async function explainMissing(name: string, reader: GroupReader): Promise<string> {
  if (await reader.isBillingGroup(name))
    return `${name} is a billing group, which has no policies: adopt a static thing group`;
  return `the account has no thing group ${name} in this region: create it (aws iot create-thing-group --thing-group-name ${name}), or leave quarantine.adopt out. A group of another account or region can't be adopted`;
}

async function listParentPolicies({ parents }: Group, reader: GroupReader): Promise<string[]> {
  const found: string[] = [];
  for (const { name, arn } of parents) {
    const policies = await reader.listPolicies(arn);
    found.push(...policies.map((policy) => `${policy} of ${name}`));
  }
  return found;
}

/** Whether the account's own deny policy denies what Cordon's would: containments are proven by it. */
async function judgePolicy(place: Place, attached: readonly string[], reader: GroupReader): Promise<Judged> {
  const { policyName, arnPrefix, keepTopics } = place;
  const refuse = (...refusals: string[]): Judged => ({ refusals, notices: [] });
  const own = await reader.listOwn();
  const wanted = { type: 'AWS::IoT::Policy', property: 'PolicyName', name: policyName };
  if (own.some((one) => isNamed(one, wanted)))
    return refuse(
      `this stack created policy ${policyName}, and would delete it now: leave quarantine.policy out`,
    );
  const document = await reader.readPolicy(policyName);
  if (document === undefined)
    return refuse(
      `the account has no policy ${policyName} in this region: create it, or leave quarantine.policy out`,
    );
  const missing = findUndenied(document, writeQuarantinePolicy(keepTopics, arnPrefix).Statement);
  if (missing.length > 0)
    return refuse(
      `policy ${policyName} does not deny all that a containment denies. Its default version lacks:\n${writeLines(missing)}\nAdd this to it, or leave quarantine.policy out: the stack then attaches a policy of its own beside it`,
    );
  return {
    refusals: [],
    notices: listOddities(document, { ...place, isAttached: attached.includes(policyName) }),
  };
}

function listOddities(
  document: string,
  { thingGroup, policyName, arnPrefix, keepTopics, isAttached }: Place & { readonly isAttached: boolean },
): string[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of cordon.yml and of IoT policies.
  const topicOf = (topic: string) => topic.replaceAll('${thing}', '${iot:Connection.Thing.ThingName}');
  const closed = keepTopics.filter(
    (topic) => listDenied(document, 'iot:Publish', [`${arnPrefix}:topic/${topicOf(topic)}`]).length > 0,
  );
  return [
    ...(isAttached
      ? []
      : [
          `the deploy attaches policy ${policyName} to thing group ${thingGroup}, which does not have it yet.`,
        ]),
    ...(closed.length > 0
      ? [
          `policy ${policyName} also denies the kept topics ${closed.join(', ')}: a contained device neither sends nor receives anything there.`,
        ]
      : []),
    ...(allowsAnything(document)
      ? [
          `policy ${policyName} also allows something. Certificates that Cordon attaches it to may then do that on the kept topics.`,
        ]
      : []),
  ];
}

/** What the policies that the group has beside Cordon's own would deny if one of them were adopted. */
async function listOthers(
  { thingGroup, policyName, arnPrefix, keepTopics }: Place,
  attached: readonly string[],
  reader: GroupReader,
): Promise<string[]> {
  const wanted = writeQuarantinePolicy(keepTopics, arnPrefix).Statement;
  const others = attached.filter((name) => name !== policyName);
  return Promise.all(
    others.map(async (name) => {
      const missing = findUndenied((await reader.readPolicy(name)) ?? '', wanted);
      const beside = `The stack attaches its own policy ${policyName} beside it, and leaves it as it is.`;
      return missing.length > 0
        ? `policy ${name} of thing group ${thingGroup} does not deny all that a containment denies. It lacks:\n${writeLines(missing)}\n${beside}`
        : `policy ${name} of thing group ${thingGroup} denies all that a containment denies. ${beside} To do without, set quarantine.policy to ${name}.`;
    }),
  );
}

function writeLines(statements: readonly object[]): string {
  return statements.map((one) => JSON.stringify(one)).join('\n');
}
