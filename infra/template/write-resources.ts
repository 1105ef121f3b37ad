import manifest from '../../package.json' with { type: 'json' };
import { configurationFile, loadConfiguration } from '../../shared/config/load';
import type { Parameters } from '../../shared/config/parameters';
import { ConfigurationError } from '../../shared/config/parse';
import { findStageFault } from '../../shared/config/stage';
import { accountConditions, accountParameters } from './account-rules';
import { writeAlarms } from './alarms';
import { writeAuditOutput, writeAuditRole } from './audits';
import { listStackChannels, writeChannelAlarms, writeEndpointParameters } from './channels';
import { join, type Resources, ref } from './cloudformation';
import { writeDashboard } from './dashboard';
import { keyConditions, keyParameters } from './encryption';
import { httpApiConditions, httpApiParameters, writeHttpApi } from './http-api';
import { writeIot } from './iot';
import { writeMessaging } from './messaging';
import { listFunctions, writeRoles } from './roles';
import { writeSecretConditions, writeSecretOutputs, writeSecretParameters } from './secrets';
import { writeSourceConditions } from './sources';
import { writeTable } from './table';

/** All resources of the stack except the functions, from cordon.yml and the deploy's parameters. */
export function writeResources(stage: string, parameters: Parameters, file = configurationFile()) {
  const stageFault = findStageFault(stage);
  if (stageFault) throw new ConfigurationError([stageFault]);
  refuseKillSwitch(stage, parameters);
  const configuration = loadConfiguration(file, parameters);
  const prefix = `cordon-${stage}`;
  const functionNames = listFunctions(configuration);
  const channels = listStackChannels(configuration.notify);
  const watched: Resources = {
    ...writeTable(prefix),
    ...writeMessaging(prefix, configuration),
    ...writeIot(prefix, configuration),
    ...writeAuditRole(configuration),
    ...writeHttpApi(prefix),
    ...writeRoles(prefix, configuration),
    ...writeAlarms(prefix, functionNames),
    ...writeChannelAlarms(prefix, channels),
  };
  const alarmNames = Object.values(watched).flatMap(({ Type, Properties }) =>
    Type === 'AWS::CloudWatch::Alarm' ? [String(Properties.AlarmName)] : [],
  );
  const resources = { ...watched, ...writeDashboard(prefix, { functionNames, channels, alarmNames }) };
  return {
    Description: `Cordon ${manifest.version}: automatic response to alerts of AWS IoT`,
    Parameters: {
      PolicyCacheSeconds: {
        Type: 'Number',
        Default: 480,
        MinValue: 0,
        Description: 'How long AWS IoT Core may use a cached policy (6 to 8 minutes)',
      },
      ...writeEndpointParameters(configuration),
      ...keyParameters,
      ...accountParameters,
      ...writeSecretParameters(prefix),
      ...httpApiParameters,
    },
    Conditions: {
      ...httpApiConditions,
      ...keyConditions,
      ...accountConditions,
      ...writeSecretConditions(),
      ...writeSourceConditions(configuration.sources),
    },
    Resources: resources,
    Outputs: {
      Version: { Value: manifest.version, Description: 'Of Cordon, as deployed' },
      AlertsTopicArn: { Value: ref('AlertsTopic'), Description: 'Publish Device Defender alerts here' },
      AnnouncementsTopicArn: {
        Value: ref('AnnouncementsTopic'),
        Description: 'Subscribe to what Cordon does',
      },
      CommandsQueueUrl: { Value: ref('CommandsQueue') },
      RejectedQueueUrl: {
        Value: ref('RejectedQueue'),
        Description: 'Messages nobody could handle, with the reason',
      },
      TableName: { Value: ref('Table') },
      ApiUrl: {
        Value: { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] },
        Description: 'The HTTP API; Slack posts its buttons to /slack/interactions below it',
      },
      ConsoleUrl: {
        Value: join({ 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] }, '/console'),
        Description: 'The console; the issuer sends who signed in back to /signed-in below it',
      },
      ...writeSecretOutputs(),
      ...writeAuditOutput(configuration),
      QuarantineGroup: { Value: configuration.quarantine.thingGroup },
    },
  };
}

/** In earlier versions, it was a parameter, so a deploy without it turned the switch off. */
function refuseKillSwitch(stage: string, { killSwitch }: Parameters): void {
  if (killSwitch === undefined || killSwitch === null) return;
  const command = `cordon --aws --stage ${stage} kill-switch ${killSwitch === 'off' ? 'off' : 'on'}`;
  throw new ConfigurationError([
    `parameter killSwitch=${killSwitch}: a deploy no longer turns the kill switch: leave the parameter out, and run ${command}`,
  ]);
}
