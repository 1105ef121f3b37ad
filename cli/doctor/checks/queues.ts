import { type Check, changedByHand, type Finding } from '../finding';
import { requiredQueues } from '../required-queues';

export interface QueueState {
  readonly name: string;
  readonly waiting: number;
  /** The queue for messages that can't be handled. */
  readonly deadLetterArn?: string;
}

/** More than a function handles in a minute. */
const manyWaiting = 1_000;

export function checkQueues(prefix: string, list: () => Promise<readonly QueueState[]>): Check {
  const about = 'queues';
  return {
    about,
    async run(): Promise<Finding[]> {
      const queues = await list();
      const known = new Set(queues.map(({ name }) => name));
      const missing = requiredQueues.filter((name) => !known.has(`${prefix}-${name}`));
      const found: Finding[] = missing.map((name) => ({
        level: 'problem',
        about,
        what: `${prefix}-${name} is missing`,
        why: 'Messages for it are lost.',
        mend: changedByHand,
      }));
      for (const queue of queues) found.push(...judgeQueue(queue));
      return found.length > 0
        ? found
        : [{ level: 'ok', about, what: `${queues.length} queues, no dead letter` }];
    },
  };
}

function judgeQueue({ name, waiting, deadLetterArn }: QueueState): Finding[] {
  const about = 'queues';
  const isDead = /-(dead|rejected)(\.fifo)?$/.test(name);
  if (isDead && waiting > 0)
    return [
      {
        level: 'problem',
        about,
        what: `${name} has ${waiting} messages that nobody could handle`,
        why: 'Alerts, commands or announcements may be among them.',
        mend: 'docs/runbooks/dead-letters.md',
      },
    ];
  if (isDead) return [];
  const found: Finding[] = [];
  if (deadLetterArn === undefined)
    found.push({
      level: 'problem',
      about,
      what: `${name} has no dead-letter queue`,
      why: 'A message that fails each time is silently lost after some days.',
      mend: changedByHand,
    });
  if (waiting > manyWaiting)
    found.push({
      level: 'problem',
      about,
      what: `${waiting} messages wait in ${name}`,
      why: 'Later messages wait behind them.',
      mend: name.includes('commands') ? 'docs/runbooks/old-commands.md' : 'docs/runbooks/old-alerts.md',
    });
  return found;
}
