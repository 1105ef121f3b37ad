import { configuration } from 'cordon:configuration';
import { connectBacklog, connectCommands } from '../../shared/aws/commands';
import { connectDefender } from '../../shared/aws/defender';
import { connectKillSwitch } from '../../shared/aws/kill-switch';
import { connectQuarantineGroup } from '../../shared/aws/quarantine-group';
import { watchQuarantine } from '../../shared/aws/quarantine-watch';
import { listMailed } from '../../shared/aws/subscriptions';
import { connectThings } from '../../shared/aws/things';
import { connectAlertTopic, connectAnnouncer } from '../../shared/aws/topics';
import { readsDetect } from '../../shared/config/existing-profiles';
import { writeQuarantinePolicy } from '../../shared/config/quarantine-policy';
import { readDigestEvery } from '../../shared/domain/messages/digest';
import { readStormLimit } from '../../shared/domain/messages/storm';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { connectCases } from '../../shared/storage/cases';
import { connectDigests } from '../../shared/storage/digests';
import { connectFleetLimit } from '../../shared/storage/fleet-limit';
import { connectStormList } from '../../shared/storage/storms';
import { sweep } from './handler';

const { log, metrics, wrap } = createTelemetry('sweep');
const { guards, notify, quarantine } = configuration;

const group = connectQuarantineGroup();
const arnPrefix = readEnv('IOT_ARN_PREFIX');
const things = connectThings(arnPrefix);

async function* nothing(): AsyncIterable<never> {}

export const handler = wrap(
  sweep({
    cases: connectCases(readEnv('TABLE_NAME')),
    fleetLimit: connectFleetLimit(readEnv('TABLE_NAME')),
    killSwitch: connectKillSwitch(readEnv('KILL_SWITCH_PARAMETER')).hold(),
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    alerts: connectAlertTopic(readEnv('ALERTS_TOPIC_ARN')),
    countWaiting: connectBacklog(readEnv('COMMANDS_QUEUE_URL')),
    ...(guards.fleetLimit.percent !== undefined && {
      countThings: things.count,
    }),
    quarantine: watchQuarantine({
      policyName: quarantine.policy ?? readEnv('QUARANTINE_POLICY_NAME'),
      document: JSON.stringify(writeQuarantinePolicy(quarantine.keepTopics, arnPrefix)),
      groupArn: `${arnPrefix}:thinggroup/${quarantine.thingGroup}`,
      isAdopted: quarantine.adopt,
      isPolicyAdopted: quarantine.policy !== undefined,
    }),
    email: {
      addresses: notify.email ?? [],
      mailed: {
        announcements: () => listMailed(readEnv('ANNOUNCEMENTS_TOPIC_ARN')),
        alarms: () => listMailed(readEnv('ALARMS_TOPIC_ARN')),
      },
    },
    digest: {
      everyMs: readDigestEvery(notify.digest),
      digests: connectDigests(readEnv('TABLE_NAME')),
      announcer: connectAnnouncer(readEnv('ANNOUNCEMENTS_TOPIC_ARN')),
      routes: notify.routes,
      consoleUrl: process.env.CONSOLE_URL ?? '',
    },
    storms: { limit: readStormLimit(notify.storm), storms: connectStormList(readEnv('TABLE_NAME')) },
    // Members of an adopted group may be somebody else's: they are no drift.
    listMembers: quarantine.adopt ? nothing : () => group.listMembers(quarantine.thingGroup),
    listActive: readsDetect(configuration) ? connectDefender('').listActive : nothing,
    log,
    metrics,
    clock: Date.now,
  }),
);
