import { configuration } from 'cordon:configuration';
import { openApi } from 'cordon:openapi';
import { source } from 'cordon:source';
import { connectCommands } from '../../shared/aws/commands';
import { connectKillSwitch } from '../../shared/aws/kill-switch';
import { connectSecrets } from '../../shared/aws/secrets';
import { explainConfiguration } from '../../shared/config/explain';
import { readKeeping } from '../../shared/domain/case/keeping';
import { requireAccount } from '../../shared/domain/thing-ref';
import { createTelemetry, readEnv } from '../../shared/lambda';
import { connectAudit } from '../../shared/storage/audit';
import { connectDetection } from '../../shared/storage/detection';
import { connectFloods } from '../../shared/storage/floods';
import { rememberCases } from '../../shared/storage/remembered-cases';
import { connectTable } from '../../shared/storage/table';
import { connectSlackAnswers } from '../notify/channels/slack/interaction-answer';
import { operate } from './handler';

const { log, metrics, wrap } = createTelemetry('operate');

const detection = connectDetection(readEnv('TABLE_NAME'));
const { list, ...table } = connectTable(readEnv('TABLE_NAME'));

export const handler = wrap(
  operate({
    ...table,
    list: { ...list, readAll: rememberCases(list.readAll, Date.now) },
    openApi,
    audit: connectAudit(readEnv('TABLE_NAME')),
    floods: connectFloods(readEnv('TABLE_NAME')),
    keepClosedMs: readKeeping(configuration),
    readDatapoints: detection.readDatapoints,
    listMetrics: detection.listMetrics,
    loadState: detection.states.load,
    listSilent: detection.silences.listSilent,
    listDegraded: detection.listDegraded,
    loadStates: detection.loadStates,
    guards: configuration.guards,
    playbooks: configuration.playbooks,
    customMetrics: configuration.customMetrics,
    securityProfiles: configuration.securityProfiles,
    killSwitch: connectKillSwitch(readEnv('KILL_SWITCH_PARAMETER')).hold(),
    commands: connectCommands(readEnv('COMMANDS_QUEUE_URL')),
    groupRule: {
      claim: readEnv('OIDC_GROUP_CLAIM'),
      group: readEnv('OIDC_OPERATOR_GROUP'),
      viewers: process.env.OIDC_VIEWER_GROUP ?? '',
    },
    signingSecret: connectSecrets().hold(readEnv('SLACK_BUTTONS_PARAMETER')),
    slackOperators: configuration.notify.slack?.operators,
    answerSlack: connectSlackAnswers(readEnv('SLACK_API_URL'), log),
    own: requireAccount(readEnv('IOT_ARN_PREFIX')),
    rules: () => explainConfiguration(configuration),
    source: () => source,
    clock: Date.now,
    log,
    metrics,
  }),
);
