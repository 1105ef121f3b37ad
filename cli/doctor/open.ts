import type { IoTClient } from '@aws-sdk/client-iot';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { watchQuarantine } from '../../shared/aws/quarantine-watch';
import { connectSecrets } from '../../shared/aws/secrets';
import { writeQuarantinePolicy } from '../../shared/config/quarantine-policy';
import type { Configuration } from '../../shared/domain/configuration';
import type { DoctorTarget } from './doctor';

const slackPatienceMs = 10_000;

/** What the doctor reads beside the account: the quarantine as this version deploys it, and Slack. */
export function openDoctorPorts(
  stage: string,
  { quarantine }: Configuration,
  iot: IoTClient,
  ssm: SSMClient,
): Pick<DoctorTarget, 'findMissing' | 'channels'> {
  return {
    findMissing: (arnPrefix) =>
      watchQuarantine(
        {
          policyName: `cordon-${stage}-quarantine`,
          document: JSON.stringify(writeQuarantinePolicy(quarantine.keepTopics, arnPrefix)),
          groupArn: `${arnPrefix}:thinggroup/${quarantine.thingGroup}`,
        },
        iot,
      ).findMissing(),
    channels: {
      readSecret: connectSecrets(ssm).read,
      async ask(url, token, body) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(slackPatienceMs),
        });
        return (await response.json()) as { ok: boolean; error?: string };
      },
    },
  };
}
