import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { watchQuarantine } from '../../shared/aws/quarantine-watch';
import { connectSecrets } from '../../shared/aws/secrets';
import { nameQuarantinePolicy, writeQuarantinePolicy } from '../../shared/config/quarantine-policy';
import type { Configuration } from '../../shared/domain/configuration';
import type { Settings } from '../target';
import { connectDoctor } from './account';
import { askService } from './ask-service';
import type { DoctorTarget } from './doctor';

export function openDoctor(stage: string, settings: Settings, configuration: Configuration) {
  const iot = new IoTClient(settings);
  const sqs = new SQSClient(settings);
  const sns = new SNSClient(settings);
  const ssm = new SSMClient(settings);
  return {
    account: connectDoctor({ iot, sqs, sns, settings }),
    ...openDoctorPorts(stage, configuration, iot, ssm),
  };
}

/** The doctor's sources beside the account: the quarantine as this version deploys it, and Slack. */
function openDoctorPorts(
  stage: string,
  { quarantine }: Configuration,
  iot: IoTClient,
  ssm: SSMClient,
): Pick<DoctorTarget, 'findMissing' | 'channels'> {
  return {
    findMissing: (arnPrefix) =>
      watchQuarantine(
        {
          policyName: nameQuarantinePolicy(`cordon-${stage}`, quarantine),
          document: JSON.stringify(writeQuarantinePolicy(quarantine.keepTopics, arnPrefix)),
          groupArn: `${arnPrefix}:thinggroup/${quarantine.thingGroup}`,
          isPolicyAdopted: quarantine.policy !== undefined,
        },
        iot,
      ).findMissing(),
    channels: {
      readSecret: connectSecrets(ssm).read,
      ask: askService,
    },
  };
}
