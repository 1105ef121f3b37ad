import { connectCommands, connectDeadLetters } from '../../shared/aws/commands';
import { connectTable } from '../../shared/aws/table';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { intake } from './handler';

const { log, metrics, wrap } = createTelemetry('intake');

const take = intake(
  {
    cases: connectTable(readEnv('TABLE_NAME')).cases,
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    deadLetters: connectDeadLetters(readEnv('REJECTED_QUEUE_URL')),
    log,
    metrics,
  },
  readEnv('PRESENCE_QUEUE_ARN'),
);

export const handler = wrap(eachRecord(take, log));
