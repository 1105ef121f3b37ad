import { writeQuarantinePolicy } from '../shared/config/quarantine-policy';
import type { Configuration } from '../shared/domain/configuration';
import type { Own } from './collisions';

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
  readonly readPolicy: (name: string) => Promise<string>;
  readonly hasMembers: (name: string) => Promise<boolean>;
  readonly listOwn: () => Promise<readonly Own[]>;
}

interface Judged {
  /** Why the group can't be adopted; nothing was changed. */
  readonly refusals: readonly string[];
  /** What the deploy does to it. */
  readonly notices: readonly string[];
}

/** Looks at the group that `quarantine.adopt` names, before a deploy changes anything. */
export async function judgeAdoption(
  { thingGroup, adopt, keepTopics }: Configuration['quarantine'],
  policyName: string,
  reader: GroupReader,
): Promise<Judged> {
  if (!adopt) return { refusals: [], notices: [] };
  const refuse = (...refusals: string[]): Judged => ({ refusals, notices: [] });
  const own = await reader.listOwn();
  if (own.some(({ type, physicalId }) => type === 'AWS::IoT::ThingGroup' && physicalId === thingGroup))
    return refuse(
      `this stack created thing group ${thingGroup}, and would delete it now: leave quarantine.adopt out`,
    );
  const group = await reader.readGroup(thingGroup);
  if (!group) return refuse(await explainMissing(thingGroup, reader));
  if (group.isDynamic)
    return refuse(
      `${thingGroup} is a dynamic thing group: its query decides who is in it, so no thing can be added. Adopt a static group`,
    );
  const parents = await listParentPolicies(group, reader);
  if (parents.length > 0)
    return refuse(
      `${thingGroup} would give contained things the policies of its parents: ${parents.join(', ')}. Adopt a group without such parents`,
    );
  return { refusals: [], notices: await listNotices({ thingGroup, keepTopics }, policyName, reader) };
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

async function listNotices(
  { thingGroup, keepTopics }: Pick<Configuration['quarantine'], 'thingGroup' | 'keepTopics'>,
  policyName: string,
  reader: GroupReader,
): Promise<string[]> {
  const prefix = await reader.readArnPrefix();
  const wanted = writeQuarantinePolicy(keepTopics, prefix).Statement;
  const others = (await reader.listPolicies(`${prefix}:thinggroup/${thingGroup}`)).filter(
    (name) => name !== policyName,
  );
  const ofPolicies: string[] = [];
  for (const name of others) {
    const missing = findMissingStatements(await reader.readPolicy(name), wanted);
    if (missing.length > 0)
      ofPolicies.push(
        `policy ${name} of thing group ${thingGroup} does not deny all that a containment denies. It lacks:\n${missing.join('\n')}\nThe stack attaches its own policy ${policyName} beside it, and leaves it as it is.`,
      );
  }
  const members = (await reader.hasMembers(thingGroup))
    ? [
        `thing group ${thingGroup} has members already. ${policyName} also denies them all but the kept topics. No release takes them out.`,
      ]
    : [];
  return [...members, ...ofPolicies];
}

/** The statements of Cordon's deny policy that another document does not have. One that denies everything has all. */
function findMissingStatements(text: string, wanted: readonly object[]): string[] {
  const document = readDocument(text);
  if (document.some(deniesEverything)) return [];
  const has = new Set(document.map(canonical));
  return wanted.filter((statement) => !has.has(canonical(statement))).map((one) => JSON.stringify(one));
}

function readDocument(text: string): readonly unknown[] {
  try {
    return [(JSON.parse(text) as { readonly Statement?: unknown }).Statement ?? []].flat();
  } catch {
    return [];
  }
}

function deniesEverything(statement: unknown): boolean {
  const { Effect, Action, Resource, Condition } = statement as Readonly<Record<string, unknown>>;
  return (
    Effect === 'Deny' &&
    [Action].flat().includes('*') &&
    [Resource].flat().includes('*') &&
    Condition === undefined
  );
}

/** The same for lists in another order, and for a list of one and its only item. */
function canonical(value: unknown): string {
  if (Array.isArray(value))
    return value.length === 1 ? canonical(value[0]) : `[${value.map(canonical).toSorted().join()}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}:${canonical(item)}`)
      .toSorted()
      .join()}}`;
  return JSON.stringify(value) ?? 'null';
}
