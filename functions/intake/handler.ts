import type { SQSRecord } from 'aws-lambda';
import { type AlertPorts, takeAlert } from './alerts';
import { type PresencePorts, takePresence } from './presence';

/** Turns what arrives (alerts by SNS, connects by topic rule) into commands for the thing's mailbox. */
export function intake(ports: AlertPorts & PresencePorts, presenceQueueArn: string) {
  return async (record: SQSRecord): Promise<void> => {
    if (record.eventSourceARN === presenceQueueArn) await takePresence(record, ports);
    else await takeAlert(record, ports);
  };
}
