import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  connectWebhook,
  nowhere,
  type WebhookTarget,
} from '../../../../../functions/notify/channels/webhook/channel';
import type { StandIn } from '../../../../contract/channel-contract';
import { type Answer, type Asked, startHttpService } from '../../http-service';

export const key = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

/** Standard Webhooks 1.0, as its reference libraries verify: all three headers, five minutes, constant time. */
export function verifySignature({ headers, body }: Asked): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (typeof id !== 'string' || id.includes('.') || typeof signatures !== 'string') return false;
  if (!/^\d{10}$/.test(String(timestamp)) || Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300)
    return false;
  const expected = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest();
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return one.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** A receiver that shows its newest message about each case. */
export function createReceiver() {
  const cases = new Map<string, string>();
  const statuses = new Map<string, string>();
  const seen = new Set<string>();
  const answer = (asked: Asked): Answer => {
    const { method, headers, body } = asked;
    if (method !== 'POST') return { status: 405 };
    if (headers['content-type'] !== 'application/json') return { status: 415 };
    if (!verifySignature(asked)) return { status: 401, body: '{"error":"signature"}' };
    const { caseId, text, thingName, status } = JSON.parse(body) as Record<string, string>;
    const id = String(headers['webhook-id']);
    if (!seen.has(id)) cases.set(String(caseId), `${thingName}: ${text}`);
    if (!seen.has(id)) statuses.set(String(thingName), String(status));
    seen.add(id);
    return { status: 204 };
  };
  return { answer, cases, statuses };
}

export async function startStandIn(): Promise<StandIn> {
  const { answer, cases } = createReceiver();
  const service = await startHttpService(answer);
  return {
    url: service.url,
    nowhere,
    connect: (url) => connectAt(url),
    shown: () => [...cases.values()],
    // JSON has no markup; that its strings are whole is what JSON.parse has shown.
    findHazards: () => [],
    close: service.close,
  };
}

export function connectAt(url: string, section: WebhookTarget['section'] = {}, headers = {}) {
  const secret = JSON.stringify({ url: `${url}hook?team=ot`, key, headers });
  return connectWebhook({ secret, section, trusted: new URL(url).origin });
}
