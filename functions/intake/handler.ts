import type { SQSRecord } from 'aws-lambda';
import { handleAlert } from './alerts';
import { type ExternalPorts, handleExternal } from './external';
import { handlePresence, type PresencePorts } from './presence';

/** Turns what arrives (alerts and findings by SNS, connects by topic rule) into commands for the thing's mailbox. */
export function intake(ports: ExternalPorts & PresencePorts, presenceQueueArn: string) {
  return async (record: SQSRecord): Promise<void> => {
    if (record.eventSourceARN === presenceQueueArn) await handlePresence(record, ports);
    else if (record.eventSourceARN.endsWith(`:${ports.prefix}-findings`)) await handleExternal(record, ports);
    else await handleAlert(record, ports);
  };
}
