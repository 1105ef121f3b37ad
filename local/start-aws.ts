import { type Gateway, startGateway } from './aws/gateway/gateway';
import type { Mail } from './aws/messaging/email';
import { startMessaging } from './aws/messaging/messaging';
import { createDynamoDb } from './aws/services/dynamodb';
import { createServiceQuotas } from './aws/services/service-quotas';
import { createParameterStore, type ParameterStore } from './aws/services/ssm';
import { jsonResponse, type LocalRequest, type LocalRoutes } from './aws/wire/local-routes';
import { renderMessagesPage } from './slack-and-mail/messages-page';
import { createSlack, type Slack } from './slack-and-mail/slack';
import { slackControls } from './slack-and-mail/slack-controls';
import type { AwsIdentity, LocalLog, ServiceHandler } from './types';

export interface LocalAwsOptions {
  readonly identity: AwsIdentity;
  /** 0 takes a free port. */
  readonly port: number;
  /** Services that others emulate, by SigV4 service: `iot`, `iotdata`, `lambda`. */
  readonly services: Readonly<Record<string, ServiceHandler>>;
  readonly routes?: LocalRoutes;
  /** The bot token that the Slack emulation takes. */
  readonly slackToken: string;
  /** The Slack emulation signs pressed buttons with it. */
  readonly slackSigningSecret: string;
  /** The URL to which Slack sends pressed buttons; undefined while there is none. */
  readonly slackInteractionsUrl: () => string | undefined;
  readonly log: LocalLog;
  readonly random?: () => number;
}

export interface LocalAws {
  readonly gateway: Gateway;
  /** For the parts of AWS inside this process, which call it past the gateway. */
  readonly sqs: ServiceHandler;
  readonly parameters: ParameterStore;
  readonly slack: Slack;
  mails(): readonly Mail[];
  /** Whether anybody is mailed of what is published there. */
  hasMailSubscription(topicArn: string): boolean;
  close(): Promise<void>;
}

/** Starts every service of this folder behind one gateway, beside the services given. */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const { identity, port, log } = options;
  let gateway: Gateway | undefined;
  const gatewayUrl = () => gateway?.url ?? 'http://127.0.0.1';
  const gatewayHost = () => new URL(gatewayUrl()).host;
  const messaging = await startMessaging({ identity, gatewayHost, log });
  const dynamodb = createDynamoDb(identity);
  const parameters = createParameterStore(identity);
  const slack = createSlack({
    token: options.slackToken,
    signingSecret: options.slackSigningSecret,
    interactionsUrl: options.slackInteractionsUrl,
    gatewayUrl,
  });
  const { sqs, sns, sts, mails, hasMailSubscription } = messaging;
  const showPage = ({ query }: LocalRequest) =>
    renderMessagesPage(slack.messages(), mails(), parameters.list('/kill-switch'), query.get('thing') ?? '');
  try {
    gateway = await startGateway({
      identity,
      port,
      log,
      ...(options.random && { random: options.random }),
      services: {
        dynamodb,
        sqs,
        sns,
        sts,
        ssm: parameters.handler,
        servicequotas: createServiceQuotas(identity),
        ...options.services,
      },
      routes: {
        ...slack.routes,
        'GET /': () => ({ status: 303, headers: { location: '/console/' } }),
        'GET /_cordon/': showPage,
        'GET /_cordon/messages': () => jsonResponse({ slack: slack.messages(), mails: mails() }),
        ...slackControls(slack),
        ...options.routes,
      },
    });
  } catch (error) {
    await dynamodb.close();
    await messaging.close();
    throw error;
  }
  const started = gateway;
  return {
    gateway: started,
    sqs,
    parameters,
    slack,
    mails,
    hasMailSubscription,
    async close() {
      await started.close();
      await dynamodb.close();
      await messaging.close();
    },
  };
}
