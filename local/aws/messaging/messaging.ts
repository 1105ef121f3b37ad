import { buildApp } from 'fauxqs';
import type { AwsIdentity, LocalLog, ServiceHandler } from '../../types';
import type { Forward } from '../wire/forward';
import { createMailbox, type Mail } from './email';
import { letQueuesRest } from './quiet-queues';
import { createSns } from './sns';
import { createSqs } from './sqs';
import { createSts } from './sts';

export interface Messaging {
  readonly sqs: ServiceHandler;
  readonly sns: ServiceHandler;
  readonly sts: ServiceHandler;
  /** E-mails that topics sent, oldest first. */
  mails(): readonly Mail[];
  hasMailSubscription(topicArn: string): boolean;
  close(): Promise<void>;
}

/** fauxqs can be no other account. */
const fauxqsAccountId = '000000000000';

export interface MessagingOptions {
  readonly identity: AwsIdentity;
  /** `host:port` of the gateway, for queue URLs: SDKs post to the queue URL itself. */
  readonly gatewayHost: () => string;
  readonly log: LocalLog;
}

/**
 * Starts SQS and SNS by fauxqs, inside this process: fauxqs checks no permission and would listen on all
 * interfaces, so it gets no port at all and only the gateway reaches it.
 */
export async function startMessaging({ identity, gatewayHost, log }: MessagingOptions): Promise<Messaging> {
  if (identity.accountId !== fauxqsAccountId) {
    throw new Error(
      `the account of the local stack is ${identity.accountId}, but fauxqs knows only ${fauxqsAccountId}: set that one`,
    );
  }
  await letQueuesRest();
  const app = buildApp({ logger: false, defaultRegion: identity.region });
  await app.ready();
  let closing = false;
  const forward: Forward = async (request, body) => {
    const isJson = request.headers['x-amz-target'] !== undefined;
    const { headers, statusCode, rawPayload } = await app.inject({
      method: 'POST',
      url: '/',
      headers: {
        'content-type': isJson ? 'application/x-amz-json-1.0' : 'application/x-www-form-urlencoded',
        authorization: request.headers.authorization ?? '',
        ...(isJson && { 'x-amz-target': request.headers['x-amz-target'] }),
      },
      payload: body ?? request.body,
    });
    // fauxqs answers its own refusals in the form of AWS, but what it did not expect in the form of its web server.
    if (statusCode >= 500) throw new Error(`fauxqs answered ${statusCode}: ${rawPayload.toString()}`);
    const kept: Record<string, string> = {};
    for (const name of ['content-type', 'x-amzn-query-error']) {
      if (headers[name] !== undefined) kept[name] = String(headers[name]);
    }
    return { status: statusCode, headers: kept, body: rawPayload };
  };
  const mailbox = createMailbox(log);
  return {
    sqs: createSqs({ identity, forward, gatewayHost, isClosing: () => closing }),
    sns: createSns(identity, forward, mailbox),
    sts: createSts(identity),
    mails: () => mailbox.mails(),
    hasMailSubscription: mailbox.hasSubscription,
    async close() {
      closing = true;
      await app.close();
    },
  };
}
