import { configuration } from 'cordon:configuration';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectSecrets } from '../../shared/aws/secrets';
import { connectTable } from '../../shared/aws/table';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { notify } from './handler';
import { connectSlack, type Slack } from './slack';

const { log, metrics, wrap } = createTelemetry('notify');
const readSecret = connectSecrets().hold(readEnv('SLACK_PARAMETER'));
let connected: { readonly secret: string; readonly slack: Slack } | undefined;

async function findSlack(): Promise<Slack | undefined> {
  const channel = configuration.notify.slack?.channel;
  const secret = channel ? await readSecret() : undefined;
  if (!channel || !secret) return undefined;
  if (connected?.secret !== secret)
    connected = { secret, slack: connectSlack({ secret, channel, apiUrl: readEnv('SLACK_API_URL') }) };
  return connected.slack;
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
