import { configuration } from 'cordon:configuration';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectConnections } from '../../shared/aws/connections';
import { connectTable } from '../../shared/aws/table';
import { connectThings } from '../../shared/aws/things';
import { connectAlertTopic } from '../../shared/aws/topics';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { detectBatch } from './handler';

const { log, metrics, wrap } = createTelemetry('detect');

export const handler = wrap(
  detectBatch(
    {
      states: connectTable(readEnv('TABLE_NAME')).detectStates,
      things: connectThings(readEnv('IOT_ARN_PREFIX')),
      alerts: connectAlertTopic(readEnv('ALERTS_TOPIC_ARN')),
      answers: connectConnections(),
      deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
      log,
      metrics,
      clock: Date.now,
    },
    Object.entries(configuration.securityProfiles),
  ),
);
