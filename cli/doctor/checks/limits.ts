import type { Check } from '../finding';

/** `respond` alone runs 20 at once; the others share the rest. */
const least = 50;
/** The time that `detect` takes for a report, and the interval of reports, as docs/costs.md assumes them. */
const reportSeconds = 0.1;
const intervalSeconds = 300;

/** How many functions the account may run at once, against the size of the fleet that was counted last. */
export function checkConcurrency(
  read: () => Promise<{ readonly limit: number; readonly free: number } | undefined>,
  countThings: () => Promise<number | undefined>,
): Check {
  const about = 'concurrency';
  return {
    about,
    unknownLocally: 'the local stack has no account limit',
    async run() {
      const [found, things = 0] = await Promise.all([read(), countThings()]);
      if (!found) return [{ level: 'unknown', about, what: 'Lambda names no limit' }];
      const { free, limit } = found;
      const needed = least + Math.ceil((things * reportSeconds) / intervalSeconds);
      const fleet = things === 0 ? '' : `; a fleet of ${things} things needs ${needed}`;
      if (free >= needed) return [{ level: 'ok', about, what: `${free} functions may run at once${fleet}` }];
      return [
        {
          level: 'problem',
          about,
          what: `only ${free} functions of this account may run at once${fleet}`,
          why: `A storm needs ${least}, and the reports of the fleet need the rest: with fewer, containments wait for each other and for other functions of the account.`,
          mend: `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value ${limit + needed - free}`,
        },
      ];
    },
  };
}
