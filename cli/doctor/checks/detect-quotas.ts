import { maxCustomMetrics, maxProfilesOfTarget } from '../../../shared/config/find-faults';
import type { Configuration } from '../../../shared/domain/configuration';
import type { Check, Finding } from '../finding';

/** The profiles and metrics of Device Defender in the account, whoever created them. */
export interface DetectUse {
  readonly metrics: readonly string[];
  /** Names of the security profiles that are attached to a target itself, such as `all/registered-things`. */
  profilesOf(target: string): Promise<readonly string[]>;
}

const about = 'Device Defender quotas';
const page = 'docs/doctor.md#device-defender-quotas';

/**
 * The quotas of Device Defender Detect against what the account has and `cordon.yml` needs beside it. AWS refuses what is above
 * them in the middle of a deploy. What a single profile may have, `cordon check` compares.
 */
export function checkDetectQuotas(
  { customMetrics, securityProfiles }: Pick<Configuration, 'customMetrics' | 'securityProfiles'>,
  read: () => Promise<DetectUse>,
): Check {
  return {
    about,
    async run(): Promise<Finding[]> {
      const { metrics, profilesOf } = await read();
      const needed = new Set([...metrics, ...Object.keys(customMetrics)]);
      const targets = new Set(Object.values(securityProfiles).flatMap((profile) => profile.targets));
      const crowds = await Promise.all(
        [...targets].map(async (target) => {
          const own = Object.entries(securityProfiles).filter(([, of]) => of.targets.includes(target));
          const names = new Set([...(await profilesOf(target)), ...own.map(([name]) => name)]);
          return { target, names: [...names].toSorted() };
        }),
      );
      const found = [
        ...judgeMetrics(needed.size, metrics.length),
        ...crowds.flatMap(({ target, names }) => judgeTarget(target, names)),
      ];
      if (found.some(({ level }) => level === 'problem')) return found;
      const most = Math.max(0, ...crowds.map(({ names }) => names.length));
      return [
        ...found,
        {
          level: 'ok',
          about,
          what: `${needed.size} of ${maxCustomMetrics} custom metrics, and at most ${most} of ${maxProfilesOfTarget} security profiles of a target`,
        },
      ];
    },
  };
}

/** AWS raises this one on request, which an account that has more shows. */
function judgeMetrics(needed: number, present: number): Finding[] {
  if (needed <= maxCustomMetrics || needed === present) return [];
  return [
    {
      level: present > maxCustomMetrics ? 'note' : 'problem',
      about,
      what: `with those of cordon.yml, the account would have ${needed} custom metrics; by default, AWS allows ${maxCustomMetrics}`,
      why: 'The next deploy fails.',
      mend: page,
    },
  ];
}

function judgeTarget(target: string, names: readonly string[]): Finding[] {
  if (names.length < maxProfilesOfTarget) return [];
  const isOver = names.length > maxProfilesOfTarget;
  return [
    {
      level: isOver ? 'problem' : 'note',
      about,
      what: `${target} ${isOver ? 'would have' : 'has'} ${names.length} security profiles (${names.join(', ')}); AWS allows ${maxProfilesOfTarget}`,
      why: isOver ? 'The next deploy fails.' : 'A deploy with one more for this target fails.',
      mend: page,
    },
  ];
}
