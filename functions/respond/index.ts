import { configuration } from 'cordon:configuration';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectConnections } from '../../shared/aws/connections';
import { connectTable } from '../../shared/aws/table';
import { connectThings } from '../../shared/aws/things';
import { connectAnnouncer } from '../../shared/aws/topics';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { createEngine } from './engine';
import { respond } from './handler';

const { log, metrics, wrap } = createTelemetry('respond');

const engine = createEngine(
  {
    cases: connectTable(readEnv('TABLE_NAME')).cases,
    things: connectThings(readEnv('IOT_ARN_PREFIX')),
    connections: connectConnections(),
    announcer: connectAnnouncer(readEnv('ANNOUNCEMENTS_TOPIC_ARN')),
    log,
    metrics,
    clock: Date.now,
  },
  {
    configuration,
    killSwitch: readEnv('KILL_SWITCH') === 'on',
    policyCacheMs: Number(readEnv('POLICY_CACHE_SECONDS')) * 1_000,
  },
);

const deadLetters = connectDeadLetters(readEnv('REJECTED_QUEUE_URL'));

export const handler = wrap(eachRecord(respond(engine, { deadLetters, log }), log));
