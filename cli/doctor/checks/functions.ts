import { type Check, changedByHand, type Finding } from '../finding';

export interface FunctionState {
  readonly name: string;
  readonly state?: string;
  readonly lastUpdate?: string;
  /** How many may run at once, of those that the account may. The deploy reserves none. */
  readonly reservedConcurrency?: number;
  readonly sources: readonly Source[];
}

interface Source {
  readonly queue: string;
  readonly state: string;
  /** How many it starts at once. */
  readonly maximumConcurrency?: number;
}

/** An event source mapping of a queue. */
export interface Consumer {
  readonly functionArn: string;
  readonly id: string;
}

/** The queues that must feed each function; each channel has a function with a queue of its own. */
const fedBy: Readonly<Record<string, readonly string[]>> = {
  detect: ['reports'],
  intake: ['alerts', 'presence'],
  respond: ['commands.fifo'],
  sweep: [],
  operate: [],
  provision: [],
};

export function checkFunctions(
  prefix: string,
  channels: Readonly<Record<string, readonly string[]>>,
  read: (functionName: string) => Promise<FunctionState | undefined>,
  listConsumers: (queueName: string) => Promise<readonly Consumer[]>,
): Check[] {
  return Object.entries({ ...fedBy, ...channels }).map(([name, queues]) => {
    const about = `function ${name}`;
    return {
      about,
      async run(): Promise<Finding[]> {
        const found = await read(`${prefix}-${name}`);
        const problem = (what: string, why: string): Finding => ({
          level: 'problem',
          about,
          what,
          why,
          mend: changedByHand,
        });
        if (!found) return [problem('it is missing', 'No other function does its work.')];
        const problems: Finding[] = [];
        if (found.state && found.state !== 'Active')
          problems.push(problem(`it is ${found.state}`, 'It does not run.'));
        if (found.lastUpdate === 'Failed')
          problems.push(problem('its last update failed', 'It runs with older code.'));
        for (const [what, why] of judgeConcurrency(found))
          problems.push({
            ...problem(what, why),
            mend: `aws lambda delete-function-concurrency --function-name ${prefix}-${name}`,
          });
        for (const queue of queues) {
          for (const { functionArn, id } of await listConsumers(`${prefix}-${queue}`))
            if (!new RegExp(`:function:${prefix}-${name}(:|$)`).test(functionArn))
              problems.push({
                ...problem(
                  `${functionArn} also takes messages from ${prefix}-${queue}`,
                  'Cordon’s function never receives those messages.',
                ),
                mend: `aws lambda delete-event-source-mapping --uuid ${id}`,
              });
          const source = found.sources.find((one) => one.queue === `${prefix}-${queue}`);
          if (!source)
            problems.push(
              problem(`${prefix}-${queue} does not feed it`, 'Nothing handles the messages in that queue.'),
            );
          else if (source.state !== 'Enabled')
            problems.push(
              problem(`its source ${prefix}-${queue} is ${source.state}`, 'The messages in that queue wait.'),
            );
        }
        return problems.length > 0 ? problems : [{ level: 'ok', about, what: 'it runs' }];
      },
    };
  });
}

/** A queue without a maximum of its own starts with five batches at once (Lambda, scaling behavior for SQS). */
const firstBatches = 5;

/** Queues ignore the reserved concurrency: Lambda refuses further starts. */
function judgeConcurrency({
  reservedConcurrency: reserved,
  sources,
}: FunctionState): readonly [string, string][] {
  if (reserved === undefined) return [];
  if (reserved === 0) return [['its reserved concurrency is 0', 'It never runs.']];
  const needed = sources.reduce((sum, { maximumConcurrency = firstBatches }) => sum + maximumConcurrency, 0);
  if (reserved >= needed) return [];
  return [
    [
      `its reserved concurrency is ${reserved}, and its queues start ${needed} at once`,
      'Lambda refuses further starts. Their messages wait, and become dead letters after several tries.',
    ],
  ];
}
