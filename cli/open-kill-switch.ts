import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { connectKillSwitch, unhurriedMs } from '../shared/aws/kill-switch';

export function openKillSwitch(stage: string, settings: SSMClientConfig) {
  return connectKillSwitch(`/cordon-${stage}/kill-switch`, new SSMClient(settings), unhurriedMs);
}
