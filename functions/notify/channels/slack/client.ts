import { ErrorCode, type KnownBlock, WebClient } from '@slack/web-api';
import { clip } from '../../../../shared/domain/text';
import { sendRequest } from '../../../../shared/send-request';
import { ChannelBusyError, ChannelRefusalError } from '../../delivery/channel';
import { readRetryAfter } from '../../delivery/retry-after';

/** The place of a message. Webhooks can neither reply in a thread nor update. */
export type Slack =
  | {
      readonly kind: 'bot';
      /** As `cordon.yml` names it. */
      readonly channel: string;
      post(message: Message, place?: Place): Promise<Posted>;
      update(message: Message, posted: Posted): Promise<void>;
    }
  | { readonly kind: 'webhook'; post(message: Message): Promise<void> };

interface Message {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** A message that Slack has. */
interface Posted {
  readonly channel: string;
  readonly ts: string;
}

interface Place {
  /** Another than the one in `cordon.yml`. */
  readonly channel: string;
  /** The root message of a thread, for a reply. */
  readonly threadTs?: string;
  /** The reply is shown in the channel, too. */
  readonly inChannel?: boolean;
}

export interface SlackTarget {
  /** A bot token (`xoxb-...`) or the URL of an incoming webhook: one secret, recognized by its form. */
  readonly secret: string;
  readonly channel: string;
  /** Base of the Web API; another one only in the local stack. */
  readonly apiUrl: string;
}

export function connectSlack({ secret, channel, apiUrl }: SlackTarget): Slack {
  if (/^https?:\/\//.test(secret)) return connectWebhook(secret);
  // The client's own retries ignore the time left to the function.
  const client = new WebClient(secret, {
    slackApiUrl: apiUrl,
    timeout: 5_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    fetch: fetchPlainly,
  });
  return {
    kind: 'bot',
    channel,
    async post(message, place) {
      const answer = await client.chat
        .postMessage({
          channel: place?.channel ?? channel,
          ...message,
          unfurl_links: false,
          unfurl_media: false,
          ...replyTo(place),
        })
        .catch(fail);
      if (!answer.channel || !answer.ts) throw new Error('Slack answered without channel and ts');
      return { channel: answer.channel, ts: answer.ts };
    },
    async update(message, posted) {
      await client.chat.update({ channel: posted.channel, ts: posted.ts, ...message }).catch(fail);
    },
  };
}

/** What Slack's client uses of `fetch`, for its calls with a form as body. */
const fetchPlainly = async (url: unknown, { headers, body, signal }: RequestInit = {}): Promise<Response> => {
  const {
    text,
    headers: answered,
    ...answer
  } = await sendRequest(String(url), {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: String(body),
    signal: signal ?? undefined,
  });
  const entries = Object.entries(answered).map(([name, value]) => [name, String(value)] as const);
  const values = new Map(entries);
  return {
    ...answer,
    url: String(url),
    headers: { get: (name: string) => values.get(name) ?? null, entries: () => entries },
    text: async () => text,
  } as unknown as Response;
};

function replyTo(place: Place | undefined) {
  if (!place?.threadTs) return {};
  const { threadTs: thread_ts, inChannel } = place;
  return inChannel ? { thread_ts, reply_broadcast: true as const } : { thread_ts };
}

function fail(error: Error & { code?: string; retryAfter?: number; data?: { error?: string } }): never {
  if (error.code === ErrorCode.RateLimitedError) throw new ChannelBusyError('Slack', error.retryAfter);
  if (error.code !== ErrorCode.PlatformError) throw error;
  const reason = error.data?.error ?? 'unknown';
  if (/^rate_?limited$/.test(reason)) throw new ChannelBusyError('Slack');
  if (passing.test(reason)) throw error;
  throw new ChannelRefusalError('Slack', reason);
}

/** Errors of Slack itself, which answers them with status 200 (Slack API, chat.postMessage, "Errors"). */
const passing = /^(internal_error|fatal_error|service_unavailable|request_timeout|team_added_to_org)$/;

function connectWebhook(url: string): Slack {
  return {
    kind: 'webhook',
    async post(message) {
      const { status, headers, text } = await sendRequest(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(5_000),
      });
      if (status >= 200 && status < 300) return;
      if (status === 429) throw new ChannelBusyError('Slack', readRetryAfter(headers['retry-after']));
      // Slack says in plain text what is wrong (no_service, channel_is_archived, ...).
      if (status < 500) throw new ChannelRefusalError('Slack', `${status} ${clip(text, 100)}`);
      throw new Error(`the Slack webhook answered ${status}`);
    },
  };
}
