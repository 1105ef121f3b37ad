import type { GroupReader } from './adoption';

/**
 * The calls of AWS IoT, which a deploy and `cordon check` make with clients of their own. Undefined for what is not there.
 */
interface GroupCalls {
  readonly describeGroup: (thingGroupName: string) => Promise<DescribedGroup | undefined>;
  readonly listPolicies: (
    target: string,
  ) => Promise<{ readonly policies?: readonly { readonly policyName?: string | undefined }[] | undefined }>;
  readonly getPolicy: (
    policyName: string,
  ) => Promise<{ readonly policyDocument?: string | undefined } | undefined>;
  /** The first of them. */
  readonly listThings: (
    thingGroupName: string,
  ) => Promise<{ readonly things?: readonly string[] | undefined } | undefined>;
}

interface DescribedGroup {
  readonly queryString?: string | undefined;
  readonly thingGroupMetadata?:
    | { readonly rootToParentThingGroups?: readonly DescribedParent[] | undefined }
    | undefined;
}

interface DescribedParent {
  readonly groupName?: string | undefined;
  readonly groupArn?: string | undefined;
}

/** What a deploy asks of a group that it is to adopt (./adoption.ts). */
export function openGroupReader(
  calls: GroupCalls,
): Pick<GroupReader, 'readGroup' | 'listPolicies' | 'readPolicy' | 'hasMembers'> {
  return {
    async readGroup(name) {
      const found = await calls.describeGroup(name);
      const parents = found?.thingGroupMetadata?.rootToParentThingGroups ?? [];
      return (
        found && {
          isDynamic: found.queryString !== undefined,
          parents: parents.map(({ groupName = '', groupArn = '' }) => ({ name: groupName, arn: groupArn })),
        }
      );
    },
    // A target has at most ten policies, so one page has all of them.
    async listPolicies(target) {
      const { policies = [] } = await calls.listPolicies(target);
      return policies.flatMap(({ policyName }) => policyName ?? []);
    },
    async readPolicy(policyName) {
      const found = await calls.getPolicy(policyName);
      return found && (found.policyDocument ?? '');
    },
    async hasMembers(name) {
      const { things = [] } = (await calls.listThings(name)) ?? {};
      return things.length > 0;
    },
  };
}
