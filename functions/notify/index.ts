import { configuration } from 'cordon:configuration';
import { setTimeout as pause } from 'node:timers/promises';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectSecrets } from '../../shared/aws/secrets';
import { readKeeping } from '../../shared/domain/case/keeping';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { connectSlackStates } from '../../shared/storage/slack-threads';
import { connectSlack, type Slack } from './channels/slack/client';
import { notify } from './channels/slack/handler';

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
  notify({
    slack: findSlack,
    states: connectSlackStates(readEnv('TABLE_NAME'), undefined, readKeeping(configuration)),
    deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
    clock: Date.now,
    pause: (ms) => pause(ms),
    log,
    metrics,
  }),
);
