import type { IoTClient } from '@aws-sdk/client-iot';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Mail } from '../aws/messaging/email';
import type { Device } from '../devices';
import type { SlackMessage } from '../slack-and-mail/slack-blocks';

/** What the story needs of the running stack. */
export interface StoryStack {
  readonly root: string;
  readonly stateDirectory: string;
  readonly devices: { readonly mything1: Device; readonly mything2: Device };
  readonly mqtt: { readonly host: string; readonly port: number };
  /** File of the local CA's certificate. */
  readonly ca: string;
  readonly announcementsTopicArn: string;
  readonly clients: { readonly iot: IoTClient; readonly sns: SNSClient; readonly sqs: SQSClient };
  /** How long the broker uses cached policies. A denial, and its end, may take effect this much later. */
  readonly policyCacheSeconds: number;
  readonly coldStartMs: Readonly<Record<string, number>>;
  /** Runs the sweep now, as its schedule does each minute. */
  sweep(): Promise<unknown>;
  slack(): readonly SlackMessage[];
  mails(): readonly Mail[];
}
