import { connectClientIds } from '../../shared/aws/client-ids';
import { connectCommands, connectDeadLetters } from '../../shared/aws/commands';
import { connectHeldThings } from '../../shared/aws/presence';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { intake } from './handler';

const { log, metrics, wrap } = createTelemetry('intake');

const take = intake(
  {
    clientIds: connectClientIds(readEnv('TABLE_NAME')),
    heldThings: connectHeldThings(readEnv('TABLE_NAME')),
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
    log,
    metrics,
  },
  readEnv('PRESENCE_QUEUE_ARN'),
);

export const handler = wrap(eachRecord(take, log));
