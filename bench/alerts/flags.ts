import { Command, InvalidArgumentError } from 'commander';

export interface Flags {
  readonly storm: boolean;
  /** Held things that the sweep handles beside the urgent ones. */
  readonly held?: number;
  readonly minutes: number;
  /** Minutes of attacks, faults and kills. */
  readonly siege?: number;
  /** Containments and releases at Slack's own pace. */
  readonly slack: boolean;
  /** The cost of one device's flood for the others. */
  readonly flood: boolean;
  /** Times that a real app starts a child. */
  readonly children?: number;
  /** How long calls take as on AWS; absent: as they take here. */
  readonly aws?: AwsTimes;
  readonly things: number;
  /** Alerts a second; Infinity sends as fast as the topic takes them. */
  readonly rate: number;
  readonly warmUp: number;
  /** Invocations of a function at once. */
  readonly concurrency: number;
  /** The seed of the storm: order of the alerts and faults. */
  readonly seed: number;
  readonly json: boolean;
  /** Folder for a CPU profile of the stack's process. */
  readonly profile?: string;
}

/** The time of each call and delivery on AWS, ms, added to the time here. */
export interface AwsTimes {
  readonly iotMs: number;
  readonly dataMs: number;
  readonly dynamodbMs: number;
  readonly snsMs: number;
  readonly sqsMs: number;
  readonly deliveryMs: number;
}

interface Options extends AwsTimes {
  readonly aws?: true;
  readonly storm?: true;
  readonly slack?: true;
  readonly flood?: true;
  readonly children?: number;
  readonly siege?: number;
  readonly held?: number;
  readonly minutes: number;
  readonly things?: number;
  readonly rate: number;
  readonly warmUp: number;
  readonly concurrency?: number;
  readonly seed: number;
  readonly json?: true;
  readonly profile?: string;
}

/** Reads the command line of `npm run bench`. */
export function readFlags(args: readonly string[]): Flags {
  const program = new Command('npm run bench --')
    .description('Sends alerts through the packaged functions on a local stack of its own, and measures.')
    .option(
      '--storm',
      'send 10 alerts for each thing, 20 % of them repeats, shuffled, while calls fail; check the end state',
    )
    .option(
      '--siege <minutes>',
      'contain and release while devices attack, calls fail and functions are killed; check the end state',
      readCount,
    )
    .option(
      '--held <count>',
      'measure how soon the sweep handles urgent cases beside this many contained things, all due',
      readCount,
    )
    .option('--minutes <minutes>', 'with --held: how long the sweep runs', readCount, 10)
    .option('--flood', 'measure how much later other things are contained while one device floods')
    .option(
      '--children <count>',
      'start a child of a real app this many times, and measure the time to the verified denial',
      readCount,
    )
    .option(
      '--aws',
      'measure with the delays of AWS added to each call, and draw the critical path of one alert',
    )
    .option('--iot-ms <ms>', 'with --aws: delay of a call to the control plane of AWS IoT', readMs, 60)
    .option('--data-ms <ms>', 'with --aws: delay of a call to its data plane', readMs, 40)
    .option('--dynamodb-ms <ms>', 'with --aws: delay of a call to DynamoDB', readMs, 6)
    .option('--sns-ms <ms>', 'with --aws: delay of a publish to SNS', readMs, 20)
    .option('--sqs-ms <ms>', 'with --aws: delay of a message sent to SQS', readMs, 12)
    .option('--delivery-ms <ms>', 'with --aws: delay from a queue to its function', readMs, 30)
    .option('--slack', 'contain and release things at once, while Slack accepts one message a second')
    .option(
      '--things <count>',
      'number of things that raise alerts (default: 200; with --storm 1000, with --slack 100)',
      readCount,
    )
    .option('--rate <alerts>', 'without --storm: alerts a second, or "max"', readRate, 20)
    .option('--warm-up <things>', 'number of things contained before the measurement begins', readCount, 400)
    .option(
      '--concurrency <invocations>',
      'concurrent invocations of a function (default: 4; with --storm or --aws 12)',
      readCount,
    )
    .option(
      '--seed <number>',
      'with --storm: seed for the order of the alerts and the failing calls',
      readCount,
      1,
    )
    .option('--json', 'print the result as one JSON object on the last line')
    .option('--profile <folder>', 'write a CPU profile of the stack process to this folder')
    .allowExcessArguments(false)
    .parse([...args], { from: 'user' });
  const {
    storm = false,
    slack = false,
    flood = false,
    children,
    siege,
    held,
    minutes,
    things,
    rate,
    concurrency,
    warmUp,
    seed,
    json = false,
    profile,
    aws = false,
    ...times
  } = program.opts<Options>();
  return {
    storm,
    slack,
    flood,
    ...(children !== undefined && { children }),
    ...(siege !== undefined && { siege }),
    ...(held !== undefined && { held }),
    ...(aws && { aws: pickTimes(times) }),
    minutes,
    things: things ?? (storm ? 1_000 : slack ? 100 : 200),
    rate,
    warmUp,
    concurrency: concurrency ?? (storm || aws ? 12 : 4),
    seed,
    json,
    ...(profile !== undefined && { profile }),
  };
}

function pickTimes({ iotMs, dataMs, dynamodbMs, snsMs, sqsMs, deliveryMs }: AwsTimes): AwsTimes {
  return { iotMs, dataMs, dynamodbMs, snsMs, sqsMs, deliveryMs };
}

function readMs(text: string): number {
  const ms = Number(text);
  if (!Number.isFinite(ms) || ms < 0 || ms > 60_000)
    throw new InvalidArgumentError('expected up to 60000 ms');
  return ms;
}

function readCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 100_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 100000');
  return count;
}

function readRate(text: string): number {
  return text === 'max' ? Number.POSITIVE_INFINITY : readCount(text);
}
