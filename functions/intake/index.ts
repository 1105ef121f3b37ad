import { configuration } from 'cordon:configuration';
import { connectAudits } from '../../shared/aws/audits';
import { connectCommands, connectDeadLetters } from '../../shared/aws/commands';
import { connectOperations } from '../../shared/aws/topics';
import { requireAccount } from '../../shared/domain/thing-ref';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { connectAuditMemory } from '../../shared/storage/audits';
import { connectClientIds } from '../../shared/storage/client-ids';
import { connectHeldThings } from '../../shared/storage/held-things';
import { intake } from './handler';

const { log, metrics, wrap } = createTelemetry('intake');

const take = intake(
  {
    clientIds: connectClientIds(readEnv('TABLE_NAME')),
    heldThings: connectHeldThings(readEnv('TABLE_NAME')),
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
    ...(configuration.sources.deviceDefender?.audit && {
      audits: {
        audits: connectAudits(readEnv('IOT_ARN_PREFIX')),
        memory: connectAuditMemory(readEnv('TABLE_NAME')),
        operations: connectOperations(readEnv('ALARMS_TOPIC_ARN')),
      },
    }),
    senders: configuration.sources.external,
    prefix: readEnv('METRICS_NAMESPACE'),
    own: requireAccount(readEnv('IOT_ARN_PREFIX')),
    log,
    metrics,
    clock: Date.now,
  },
  readEnv('PRESENCE_QUEUE_ARN'),
);

export const handler = wrap(eachRecord(take, log));
