import { configuration } from 'cordon:configuration';
import { connectCommands } from '../../shared/aws/commands';
import { connectDefender } from '../../shared/aws/defender';
import { connectKillSwitch } from '../../shared/aws/kill-switch';
import { connectQuarantineGroup } from '../../shared/aws/quarantine-group';
import { listMailed } from '../../shared/aws/subscriptions';
import { connectCases } from '../../shared/aws/table';
import { connectThings } from '../../shared/aws/things';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { sweep } from './handler';

const { log, metrics, wrap } = createTelemetry('sweep');
const { detector, guards, notify, quarantine } = configuration;

const group = connectQuarantineGroup();
const things = connectThings(readEnv('IOT_ARN_PREFIX'));

async function* nothing(): AsyncIterable<never> {}

export const handler = wrap(
  sweep({
    cases: connectCases(readEnv('TABLE_NAME')),
    killSwitch: connectKillSwitch(readEnv('KILL_SWITCH_PARAMETER')).hold(),
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    ...(guards.fleetLimit.percent !== undefined && {
      countThings: things.count,
    }),
    quarantine: group.watch(
      readEnv('QUARANTINE_POLICY_NAME'),
      `${readEnv('IOT_ARN_PREFIX')}:thinggroup/${quarantine.thingGroup}`,
    ),
    email: {
      addresses: notify.email,
      mailed: {
        announcements: () => listMailed(readEnv('ANNOUNCEMENTS_TOPIC_ARN')),
        alarms: () => listMailed(readEnv('ALARMS_TOPIC_ARN')),
      },
    },
    listMembers: () => group.listMembers(quarantine.thingGroup),
    listActive: detector === 'cordon' ? nothing : connectDefender('').listActive,
    log,
    metrics,
    clock: Date.now,
  }),
);
