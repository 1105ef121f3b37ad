import { describeError } from '../../describe-error';
import type { Check } from '../finding';

/** Whether this machine reaches the endpoint of devices. `reach` throws an Error with the reason if it does not. */
export function checkEndpoint(
  read: () => Promise<string>,
  reach: (endpoint: string) => Promise<void>,
): Check {
  const about = 'device endpoint';
  return {
    about,
    async run() {
      const endpoint = await read();
      try {
        await reach(endpoint);
        return [{ level: 'ok', about, what: `${endpoint} answers` }];
      } catch (error) {
        return [
          {
            level: 'note',
            about,
            what: `${endpoint} does not answer this machine: ${describeError(error)}`,
            why: 'Devices may still reach it, but cordon drill needs it from this machine.',
          },
        ];
      }
    },
  };
}
