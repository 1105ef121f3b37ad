import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import type { Channel } from '../../delivery/channel';
import { ChannelRefusalError } from '../../delivery/channel';
import { post } from '../../delivery/post';
import { type Request, writeOpsgenie } from './opsgenie';
import { fill, mapTexts } from './template';

export interface WebhookTarget {
  readonly secret: string;
  readonly section: {
    readonly format?: 'announcement' | 'opsgenie' | undefined;
    readonly body?: object | undefined;
  };
  readonly trusted?: string | undefined;
  readonly clock?: () => number;
}

export const nowhere = {};

const title = 'Webhook';

/** `whsec_` and base64, of 24 to 64 bytes (Standard Webhooks, "Signature scheme"). */
const keySchema = z.string().check(z.regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/));

const secretSchema = z.object({
  url: z.string(),
  /** Several sign side by side, so that a receiver can change from one to the next without a refused request. */
  key: z.union([keySchema, z.array(keySchema).check(z.minLength(1), z.maxLength(4))]),
  headers: z.optional(z.record(z.string(), z.string())),
});

export function connectWebhook({ secret, section, trusted, clock = Date.now }: WebhookTarget): Channel {
  return {
    async show(newest, { lastSeq, posting }, { call, willPost }) {
      const { url, key, headers } = readSecret(secret);
      // A request that opened an alert may have lost its answer.
      const requests = writeRequests(newest, lastSeq > 0 || posting === true, section);
      if (lastSeq === 0 && requests.some(({ opens }) => opens)) await willPost();
      for (const { path, body } of requests) {
        // The text of a device must not move the cursor or start a line when the receiver prints it.
        const content = JSON.stringify(mapTexts(body, (text) => text.split('\n').map(printable).join('\n')));
        await call(() =>
          post(
            { title, trusted },
            {
              url: addPath(url, path),
              headers: { ...headers, ...sign(newest.id + path, content, [key].flat(), clock()) },
              body: content,
            },
          ),
        );
      }
      return { place: nowhere };
    },
  };
}

function writeRequests(
  newest: Announcement,
  isKnown: boolean,
  { format, body }: WebhookTarget['section'],
): Request[] {
  if (body) return [{ path: '', body: fill(body, newest) as object }];
  return format === 'opsgenie' ? writeOpsgenie(newest, isKnown) : [{ path: '', body: newest }];
}

function readSecret(secret: string): z.output<typeof secretSchema> {
  try {
    return secretSchema.parse(JSON.parse(secret));
  } catch {
    throw new ChannelRefusalError(
      title,
      'its secret is not {"url":"https://...","key":"whsec_BASE64"} with a key of 24 to 64 bytes',
    );
  }
}

/** `path` may have a query; that of the URL stays. */
function addPath(url: string, path: string): string {
  if (path === '' || !URL.canParse(url)) return url;
  const target = new URL(url);
  const [name = '', query] = path.split('?');
  target.pathname = target.pathname.replace(/\/$/, '') + name;
  for (const [key, value] of new URLSearchParams(query)) target.searchParams.set(key, value);
  return target.href;
}

/** Standard Webhooks 1.0: a receiver takes an id once, and no signature that is older than five minutes. */
function sign(id: string, content: string, keys: readonly string[], now: number): Record<string, string> {
  // An id has no full stop, which separates what is signed.
  const webhookId = id.replace(/[^\w-]/g, '_').slice(0, 256);
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = keys.map((key) => {
    const hmac = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'));
    return `v1,${hmac.update(`${webhookId}.${timestamp}.${content}`).digest('base64')}`;
  });
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
