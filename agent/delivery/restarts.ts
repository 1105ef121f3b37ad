import type { Problems } from '../problems';
import { openStateFile } from '../state-file';

/**
 * How often the agent was started since a report was last delivered. So an agent that is killed shows it, even if it is
 * killed after each report. The very first start does not count.
 */
export interface Restarts {
  count(): number;
  noteDelivery(): void;
}

const most = 1_000_000;

/** Counts this start. */
export function countRestarts(directory: string, thingName: string, problems: Problems): Restarts {
  const file = openStateFile(directory, thingName, 'starts', problems);
  const before = Number(/^(\d{1,7})$/.exec(file.read()?.trim() ?? '')?.[1] ?? 0);
  let count = Math.min(before, most);
  file.write(`${count + 1}\n`);
  let isKept = before === 0;
  return {
    count: () => count,
    noteDelivery: () => {
      count = 0;
      // It counts the next start.
      if (!isKept) file.write('1\n');
      isKept = true;
    },
  };
}
