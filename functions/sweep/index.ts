import { connectCommands } from '../../shared/aws/commands';
import { connectTable } from '../../shared/aws/table';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { sweep } from './handler';

const { log, metrics, wrap } = createTelemetry('sweep');

export const handler = wrap(
  sweep({
    cases: connectTable(readEnv('TABLE_NAME')).cases,
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    log,
    metrics,
    clock: Date.now,
  }),
);
