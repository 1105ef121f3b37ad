import { configuration } from 'cordon:configuration';
import { connectDeadLetters } from '../../shared/aws/commands';
import { connectConnections } from '../../shared/aws/connections';
import { connectDefender } from '../../shared/aws/defender';
import { connectJobs } from '../../shared/aws/jobs';
import { connectKillSwitch, decisionMs } from '../../shared/aws/kill-switch';
import { connectCertificates, connectPolicies } from '../../shared/aws/policies';
import { connectThings } from '../../shared/aws/things';
import { connectAnnouncer } from '../../shared/aws/topics';
import { writeQuarantinePolicy } from '../../shared/config/quarantine-policy';
import { readKeeping } from '../../shared/domain/case/keeping';
import { heartbeatName } from '../../shared/domain/heartbeat';
import { readDigestEvery } from '../../shared/domain/messages/digest';
import { readStormLimit } from '../../shared/domain/messages/storm';
import { requireAccount } from '../../shared/domain/thing-ref';
import { createTelemetry, eachRecord, readEnv } from '../../shared/lambda';
import { connectCases } from '../../shared/storage/cases';
import { connectClientIds } from '../../shared/storage/client-ids';
import { connectDetectionReset } from '../../shared/storage/detection-reset';
import { connectFleetLimit } from '../../shared/storage/fleet-limit';
import { connectHeartbeats } from '../../shared/storage/heartbeats';
import { connectLeases } from '../../shared/storage/leases';
import { connectRefusals } from '../../shared/storage/refusals';
import { connectStorms } from '../../shared/storage/storms';
import { createEngine } from './engine';
import { respond } from './handler';
import { handleHeartbeat } from './heartbeat';

const { log, metrics, wrap } = createTelemetry('respond');

const arnPrefix = readEnv('IOT_ARN_PREFIX');
const stormLimit = readStormLimit(configuration.notify.storm);
const announcer = connectAnnouncer(readEnv('ANNOUNCEMENTS_TOPIC_ARN'));

const things = connectThings(arnPrefix);
const connections = connectConnections();
const killSwitch = connectKillSwitch(readEnv('KILL_SWITCH_PARAMETER'), undefined, decisionMs).hold();

const keeping = { keepClosedMs: readKeeping(configuration) };

const engine = createEngine(
  {
    cases: connectCases(readEnv('TABLE_NAME'), undefined, keeping),
    fleetLimit: connectFleetLimit(readEnv('TABLE_NAME')),
    refusals: connectRefusals(readEnv('TABLE_NAME'), undefined, keeping),
    detection: connectDetectionReset(readEnv('TABLE_NAME')),
    killSwitch,
    things,
    policies: connectPolicies(),
    certificates: connectCertificates(),
    jobs: connectJobs(arnPrefix),
    defender: connectDefender(readEnv('DEFENDER_ACTION_NAME')),
    connections,
    knownIds: connectClientIds(readEnv('TABLE_NAME')),
    leases: connectLeases(readEnv('TABLE_NAME')),
    announcer,
    storms: stormLimit && connectStorms(readEnv('TABLE_NAME'), stormLimit),
    context: {
      own: requireAccount(arnPrefix),
      customMetrics: configuration.customMetrics,
      consoleUrl: process.env.CONSOLE_URL ?? '',
      routes: configuration.notify.routes,
      digests: readDigestEvery(configuration.notify.digest) !== undefined,
    },
    log,
    metrics,
    clock: Date.now,
  },
  {
    configuration,
    policyCacheMs: Number(readEnv('POLICY_CACHE_SECONDS')) * 1_000,
    denyPolicyName: configuration.quarantine.policy ?? readEnv('QUARANTINE_POLICY_NAME'),
    denyDocument: JSON.stringify(writeQuarantinePolicy(configuration.quarantine.keepTopics, arnPrefix)),
  },
);

const deadLetters = connectDeadLetters(readEnv('REJECTED_QUEUE_URL'));

const heartbeats = connectHeartbeats(readEnv('TABLE_NAME'));

const reach = () =>
  Promise.all([killSwitch(), things.describe(heartbeatName), connections.connectedSince(heartbeatName)]);

export const handler = wrap(
  eachRecord(
    respond(engine, {
      handleHeartbeat: (heartbeat) =>
        handleHeartbeat(heartbeat, { announcer, heartbeats, reach, log, metrics, clock: Date.now }),
      deadLetters,
      operateRoleId: readEnv('OPERATE_ROLE_ID'),
      log,
    }),
    log,
  ),
);
