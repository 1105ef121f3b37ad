import type { QuarantinePart } from '../../../shared/aws/quarantine-watch';
import type { Configuration } from '../../../shared/domain/configuration';
import type { Check, Finding } from '../finding';

const words: Readonly<Record<QuarantinePart, string>> = {
  policy: 'the deny policy is missing',
  'text of the policy': 'the deny policy is not the one that this version would deploy with this cordon.yml',
  'thing group': 'the thing group is missing',
  'policy on the group': 'the deny policy is not attached to the thing group',
};

type Quarantine = Pick<Configuration['quarantine'], 'thingGroup' | 'adopt' | 'policy'>;

/** The group with the policy that this version deploys, or with one of the account that denies as much. */
export function checkQuarantine(
  { thingGroup, adopt, policy }: Quarantine,
  findMissing: () => Promise<readonly QuarantinePart[]>,
  /** Names of the policies on the group that are not of the stack. */
  listOthers: () => Promise<readonly string[]>,
): Check {
  const about = `${adopt ? 'adopted ' : ''}quarantine group ${thingGroup}`;
  return {
    about,
    async run(): Promise<Finding[]> {
      const missing = await findMissing();
      const others = (await listOthers()).map((name): Finding => {
        const other = describeOther(about, name, thingGroup);
        return adopt ? { ...other, ...ofOwner } : other;
      });
      if (missing.length === 0 && others.length > 0 && !adopt) return others;
      if (missing.length === 0)
        return [
          ...others,
          {
            level: 'ok',
            about,
            what: policy
              ? `it has the adopted policy ${policy}, which denies all that a containment denies`
              : `it has ${adopt ? '' : 'exactly '}the policy of this version`,
          },
        ];
      const faults = missing.map((part): Finding => {
        const owners =
          adopt && part === 'thing group' ? mendGroup(thingGroup) : policy && mendPolicy(policy, part);
        return { level: 'problem', about, what: words[part], ...sweeps, ...owners };
      });
      return [...faults, ...others];
    },
  };
}

function describeOther(about: string, policyName: string, thingGroup: string): Finding {
  return {
    level: 'problem',
    about,
    what: `it also has the policy ${policyName}`,
    why: 'It binds every contained thing: a Deny in it may close the topics that stay open for the agent, and an Allow in it may open what nothing else denies.',
    mend: `aws iot detach-policy --policy-name ${policyName} --target ARN, with the ARN that aws iot describe-thing-group --thing-group-name ${thingGroup} prints`,
  };
}

/** The deny policy that a deploy attached stays on the group after its rollback, as after a removal. */
const ofOwner = {
  level: 'note',
  why: 'It binds every contained thing. It belongs to the owner of the group, or a deploy that adopted it and was rolled back left it there.',
} as const;

const sweeps = {
  why: 'A contained thing may publish. The sweep repairs it within a minute, unless it does not run or the kill switch is on.',
  mend: 'docs/runbooks/quarantine-broken.md',
};

/** What only the owner of an adopted group or policy can repair. */
function mendGroup(thingGroup: string) {
  return {
    why: 'A contained thing may publish. Only its owner can create an adopted group again.',
    mend: `aws iot create-thing-group --thing-group-name ${thingGroup}`,
  };
}

function mendPolicy(policy: string, part: QuarantinePart) {
  if (part === 'policy on the group') return undefined;
  const isText = part === 'text of the policy';
  return {
    ...(isText && { what: `the adopted policy ${policy} does not deny all that a containment denies` }),
    why: 'A contained thing may publish. Only its owner can change an adopted policy.',
    mend: isText
      ? `deploy again: before it changes anything, it prints what ${policy} lacks`
      : `create the policy ${policy} again, and deploy`,
  };
}
