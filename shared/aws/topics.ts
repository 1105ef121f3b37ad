import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { writeMessageJson } from '../domain/json';
import { audienceOf } from '../domain/messages/audience';
import { writeSubject, writeText } from '../domain/messages/mail';
import type { AlertTopic, Announcer, Operations } from '../ports/aws';

export function connectAlertTopic(topicArn: string, client = new SNSClient({ maxAttempts: 6 })): AlertTopic {
  return {
    async publish(alert) {
      await client.send(new PublishCommand({ TopicArn: topicArn, Message: alert }));
    },
  };
}

/** The alarms topic, for the people who run Cordon. */
export function connectOperations(topicArn: string, client = new SNSClient({ maxAttempts: 6 })): Operations {
  return {
    async notify(subject, text) {
      await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text }));
    },
  };
}

export function connectAnnouncer(topicArn: string, client = new SNSClient({ maxAttempts: 6 })): Announcer {
  return {
    async publish(announcement) {
      const { status, severity, thingName, drill = false, channels } = announcement;
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: writeSubject(announcement),
          MessageStructure: 'json',
          Message: writeMessageJson({
            default: writeMessageJson(announcement),
            email: writeText(announcement),
          }),
          MessageAttributes: {
            status: { DataType: 'String', StringValue: status },
            severity: { DataType: 'String', StringValue: severity },
            thingName: { DataType: 'String', StringValue: thingName },
            drill: { DataType: 'String', StringValue: String(drill) },
            audience: { DataType: 'String', StringValue: audienceOf(announcement) },
            ...(channels && {
              mail: { DataType: 'String', StringValue: String(channels.includes('email')) },
            }),
          },
        }),
      );
    },
  };
}
