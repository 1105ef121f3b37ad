import type { QuarantinePart } from '../../../shared/aws/quarantine-watch';
import type { Configuration } from '../../../shared/domain/configuration';
import type { Check } from '../finding';

const words: Readonly<Record<QuarantinePart, string>> = {
  policy: 'the deny policy is missing',
  'text of the policy':
    'the deny policy says something else than this version with this cordon.yml would deploy',
  'thing group': 'the thing group is missing',
  'policy on the group': 'the deny policy is not attached to the thing group',
};

/** The group with exactly the policy that this version deploys. */
export function checkQuarantine(
  { thingGroup, adopt }: Pick<Configuration['quarantine'], 'thingGroup' | 'adopt'>,
  findMissing: () => Promise<readonly QuarantinePart[]>,
): Check {
  const about = `${adopt ? 'adopted ' : ''}quarantine group ${thingGroup}`;
  return {
    about,
    async run() {
      const missing = await findMissing();
      if (missing.length === 0)
        return [{ level: 'ok', about, what: 'it has exactly the policy of this version' }];
      return missing.map((part) => ({
        level: 'problem' as const,
        about,
        what: words[part],
        why:
          adopt && part === 'thing group'
            ? 'A contained thing may publish. Nobody creates an adopted group again but its owner.'
            : 'A contained thing may publish. The sweep mends it within a minute, unless it does not run or the kill switch is on.',
        mend:
          adopt && part === 'thing group'
            ? `aws iot create-thing-group --thing-group-name ${thingGroup}`
            : 'docs/runbooks/quarantine-broken.md',
      }));
    },
  };
}
