import { configuration } from 'cordon:configuration';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectSecrets } from '../../shared/aws/secrets';
import { connectTable } from '../../shared/aws/table';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { notify } from './handler';
import { connectSlack, type Slack } from './slack';

const { log, metrics, wrap } = createTelemetry('notify');
const secrets = connectSecrets();
const parameter = readEnv('SLACK_PARAMETER');
/** A rotated token is taken up within five minutes. */
const trustMs = 5 * 60_000;
let held: { readonly slack: Slack | undefined; readonly readAt: number } | undefined;

async function findSlack(): Promise<Slack | undefined> {
  const now = Date.now();
  if (held?.slack && now - held.readAt < trustMs) return held.slack;
  const channel = configuration.notify.slack?.channel;
  const secret = channel ? await secrets.read(parameter) : undefined;
  const slack =
    channel && secret ? connectSlack({ secret, channel, apiUrl: readEnv('SLACK_API_URL') }) : undefined;
  held = { slack, readAt: now };
  return slack;
}

export const handler = wrap(
  eachRecord(
    notify({
      slack: findSlack,
      threads: connectTable(readEnv('TABLE_NAME')).slackThreads,
      deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
      clock: Date.now,
      log,
      metrics,
    }),
    log,
    // Two announcements of a case in one batch: the first opens the thread, the second joins it.
    { inOrder: true },
  ),
);
