import type { SQSRecord } from 'aws-lambda';
import { takeAlert } from './alerts';
import { type ExternalPorts, takeExternal } from './external';
import { type PresencePorts, takePresence } from './presence';

/** Turns what arrives (alerts and findings by SNS, connects by topic rule) into commands for the thing's mailbox. */
export function intake(ports: ExternalPorts & PresencePorts, presenceQueueArn: string) {
  return async (record: SQSRecord): Promise<void> => {
    if (record.eventSourceARN === presenceQueueArn) await takePresence(record, ports);
    else if (record.eventSourceARN.endsWith(`:${ports.prefix}-findings`)) await takeExternal(record, ports);
    else await takeAlert(record, ports);
  };
}
