import { measureLikeAws, writeAwsResult } from './alerts/aws-times';
import { measureChildren, writeChildrenResult } from './alerts/children';
import { readFlags } from './alerts/flags';
import { measureFlood, writeFloodResult } from './alerts/flood';
import { measureHeld, writeHeldResult } from './alerts/held';
import { type Service, startService } from './alerts/service';
import { runSiege, writeSiegeResult } from './alerts/siege';
import { measureSlack, writeSlackResult } from './alerts/slack';
import { measureSteadily, writeSteadyResult } from './alerts/steady';
import { runStorm, writeStormResult } from './alerts/storm';

/*
 * Alerts through the packaged functions on a local stack of its own: npm run bench -- --help.
 * Exit code 0 only if every alert ended as it must.
 */
const flags = readFlags(process.argv.slice(2));
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error(`interrupted by ${name}`)));
// What is still under way when the bench is interrupted fails with the stack that it waits for.
process.on('unhandledRejection', (error) => {
  if (!stop.signal.aborted) throw error;
});
// With --json the last line of standard output is the result, so that the rest goes beside it.
const progress = flags.json ? process.stderr : process.stdout;
const say = (text: string) => void progress.write(`${text}\n`);

async function run(): Promise<boolean> {
  say('packaging the service and booting a stack');
  const service = await startService({
    ...flags,
    ...(flags.aws && { deliveryMs: flags.aws.deliveryMs }),
    ...((flags.slack || flags.siege) && { configuration: 'slack.yml' }),
  });
  try {
    const { result, text } = await measure(service);
    say(`\n${text}`);
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.problems.length === 0;
  } finally {
    await service.close();
  }
}

async function measure(service: Service): Promise<Measured> {
  if (flags.storm) {
    const result = await runStorm(service, flags, progress, stop.signal);
    return { result, text: writeStormResult(result) };
  }
  if (flags.siege !== undefined) {
    const result = await runSiege(service, flags.siege, say, stop.signal);
    return { result, text: writeSiegeResult(result) };
  }
  if (flags.held !== undefined) {
    const result = await measureHeld(service, flags.held, flags.minutes, say, stop.signal);
    return { result, text: writeHeldResult(result) };
  }
  if (flags.flood) {
    const result = await measureFlood(service, say, stop.signal);
    return { result, text: writeFloodResult(result) };
  }
  if (flags.children !== undefined) {
    const result = await measureChildren(service, flags.children, say, stop.signal);
    return { result, text: writeChildrenResult(result) };
  }
  if (flags.slack) {
    const result = await measureSlack(service, flags.things, say, stop.signal);
    return { result, text: writeSlackResult(result) };
  }
  if (flags.aws) {
    const result = await measureLikeAws(service, flags, flags.aws, say, stop.signal);
    return { result, text: writeAwsResult(result) };
  }
  const result = await measureSteadily(service, flags, say, stop.signal);
  return { result, text: writeSteadyResult(result) };
}

interface Measured {
  readonly result: { readonly problems: readonly string[] };
  readonly text: string;
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.stderr.write('interrupted; the stack is stopped and its files are removed\n');
  process.exitCode = 130;
}
