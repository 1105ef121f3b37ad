import { Command, InvalidArgumentError } from 'commander';

export interface AgentFlags {
  /** Shell command of another agent. */
  readonly other?: string;
  /** Seconds between two collections of that agent. */
  readonly otherEvery: number;
  /** Node binary that runs Cordon's agent. */
  readonly node: string;
  /** The length of each measurement of CPU and memory. */
  readonly seconds: number;
  /** Children of each life, for each watched program. */
  readonly rounds: number;
  readonly json: boolean;
}

/** Reads the command line of `npm run bench:agent`. */
export function readAgentFlags(args: readonly string[]): AgentFlags {
  const program = new Command('npm run bench:agent --')
    .description("Measures Cordon's agent, and another one beside it in the same run.")
    .option(
      '--other <command>',
      'shell command of another agent; {host} {port} {ca} {cert} {key} say where it may publish, {app} is the program ' +
        'whose children it counts as num_child_procs_{app}, in JSON, by MQTT or on its output',
    )
    .option('--other-every <seconds>', 'time between two of its collections', readNumber, 1)
    .option('--node <path>', "Node binary that runs Cordon's agent", process.execPath)
    .option('--seconds <seconds>', 'length of each measurement of CPU and memory', readNumber, 30)
    .option('--rounds <count>', 'children of each life, for each of ten watched programs', readNumber, 20)
    .option('--json', 'print the result as one JSON object on the last line')
    .allowExcessArguments(false)
    .parse([...args], { from: 'user' });
  const { json = false, ...rest } = program.opts<Omit<AgentFlags, 'json'> & { json?: true }>();
  return { ...rest, json };
}

function readNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 10000');
  return number;
}
