import { configuration } from 'cordon:configuration';
import { connectCommands, connectDeadLetters } from '../../shared/aws/commands';
import { requireAccount } from '../../shared/domain/thing-ref';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
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
