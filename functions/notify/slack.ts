import { type KnownBlock, WebClient } from '@slack/web-api';

/** Where a message goes. Webhooks can neither reply in a thread nor update. */
export type Slack =
  | {
      readonly kind: 'bot';
      post(message: Message, threadTs?: string): Promise<{ channel: string; ts: string }>;
      update(message: Message, channel: string, ts: string): Promise<void>;
    }
  | { readonly kind: 'webhook'; post(message: Message): Promise<void> };

interface Message {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

export interface SlackTarget {
  /** A bot token (`xoxb-...`) or the URL of an incoming webhook: one secret, told apart by its form. */
  readonly secret: string;
  readonly channel: string;
  /** Base of the Web API; another one only in the local stack. */
  readonly apiUrl: string;
}

export function connectSlack({ secret, channel, apiUrl }: SlackTarget): Slack {
  if (/^https?:\/\//.test(secret)) return connectWebhook(secret);
  // Redelivery by SQS is the retry; one within the call would outlast the function's time.
  const client = new WebClient(secret, {
    slackApiUrl: apiUrl,
    timeout: 5_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
  return {
    kind: 'bot',
    async post(message, threadTs) {
      const answer = await client.chat.postMessage({
        channel,
        ...message,
        unfurl_links: false,
        unfurl_media: false,
        ...(threadTs && { thread_ts: threadTs }),
      });
      if (!answer.channel || !answer.ts) throw new Error('Slack answered without channel and ts');
      return { channel: answer.channel, ts: answer.ts };
    },
    async update(message, messageChannel, ts) {
      await client.chat.update({ channel: messageChannel, ts, ...message });
    },
  };
}

function connectWebhook(url: string): Slack {
  return {
    kind: 'webhook',
    async post(message) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok) throw new Error(`the Slack webhook answered ${answer.status}`);
    },
  };
}
