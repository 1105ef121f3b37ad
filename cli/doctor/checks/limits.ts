import type { Check } from '../finding';

/** `respond` alone runs 20 at once; the others share what is left. */
const least = 50;

/** How many functions the account may run at once. */
export function checkConcurrency(read: () => Promise<number | undefined>): Check {
  const about = 'concurrency';
  return {
    about,
    async run() {
      const free = await read();
      if (free === undefined) return [{ level: 'unknown', about, what: 'Lambda names no limit' }];
      if (free >= least) return [{ level: 'ok', about, what: `${free} functions may run at once` }];
      return [
        {
          level: 'problem',
          about,
          what: `only ${free} functions of this account may run at once`,
          why: `A storm needs ${least}: with fewer, containments wait for each other and for other functions of the account.`,
          mend: 'ask AWS for a higher quota: Lambda, concurrent executions',
        },
      ];
    },
  };
}
