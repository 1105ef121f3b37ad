import { configuration } from 'cordon:configuration';
import { connectDeadLetters, connectSourceQueue } from '../../shared/aws/commands';
import { connectConnections } from '../../shared/aws/connections';
import { connectThings } from '../../shared/aws/things';
import { connectAlertTopic, connectOperations } from '../../shared/aws/topics';
import { requireAccount } from '../../shared/domain/thing-ref';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { connectDetection } from '../../shared/storage/detection';
import { connectFloods } from '../../shared/storage/floods';
import { connectUnfinishedMessages } from '../../shared/storage/unfinished-messages';
import { listEvaluated } from './evaluated';
import { detect } from './handler';

const { log, metrics, wrap } = createTelemetry('detect');
const { states, datapoints, fleet, silences } = connectDetection(readEnv('TABLE_NAME'));

export const handler = wrap(
  detect(
    {
      states,
      datapoints,
      fleet,
      silences,
      things: connectThings(readEnv('IOT_ARN_PREFIX')),
      alerts: connectAlertTopic(readEnv('ALERTS_TOPIC_ARN')),
      floods: connectFloods(readEnv('TABLE_NAME')),
      operations: connectOperations(readEnv('ALARMS_TOPIC_ARN')),
      answers: connectConnections(),
      deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
      queue: connectSourceQueue(readEnv('REPORTS_QUEUE_URL')),
      unfinished: connectUnfinishedMessages(readEnv('TABLE_NAME')),
      own: requireAccount(readEnv('IOT_ARN_PREFIX')),
      log,
      metrics,
      clock: Date.now,
      playbooks: configuration.playbooks,
    },
    // Where only Device Defender evaluates, a report is accepted without further work.
    configuration.detector === 'device-defender' ? [] : listEvaluated(configuration.securityProfiles),
  ),
);
