import type { Check, Finding } from '../finding';

export interface AlarmState {
  readonly name: string;
  readonly description: string;
}

/** Alarms of the stage that are in ALARM now. */
export function checkAlarms(list: () => Promise<readonly AlarmState[]>): Check {
  const about = 'alarms';
  return {
    about,
    unknownLocally: 'the local stack has no CloudWatch, so no alarm goes off there',
    async run(): Promise<Finding[]> {
      const alarms = await list();
      if (alarms.length === 0) return [{ level: 'ok', about, what: 'none is in ALARM' }];
      return alarms.map(({ name, description }) => {
        const [why = '', page] = description.split(' What to do: ');
        return { level: 'problem', about, what: `${name} is in ALARM`, why, ...(page && { mend: page }) };
      });
    },
  };
}

/** Errors of each function in the last hour. */
export function checkErrors(count: () => Promise<ReadonlyMap<string, number>>): Check {
  const about = 'function errors';
  return {
    about,
    unknownLocally:
      'the local stack has no CloudWatch to count them; .cordon/logs/ has the log of each function',
    async run(): Promise<Finding[]> {
      const failed = [...(await count())].filter(([, errors]) => errors > 0);
      if (failed.length === 0) return [{ level: 'ok', about, what: 'none in the last hour' }];
      return failed.map(([name, errors]) => ({
        level: 'problem',
        about,
        what: `${name} failed ${errors} times in the last hour`,
        why: 'Failed messages are tried again, and later become dead letters.',
        mend: 'docs/runbooks/function-errors.md',
      }));
    },
  };
}
