import type { Problems } from '../problems';
import { openStateFile } from '../state-file';

/** How often the agent was started since a report was last delivered: an agent that is killed again and again tells so. */
export interface Restarts {
  /** Less this start. */
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
  let isKept = true;
  return {
    count: () => count,
    noteDelivery: () => {
      count = 0;
      // The next start is one more than none.
      if (isKept) file.write('0\n');
      isKept = false;
    },
  };
}
