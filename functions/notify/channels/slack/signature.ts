import { createHmac, timingSafeEqual } from 'node:crypto';

/** Older requests are replays, and such from the future as well (Slack: "Verifying requests from Slack"). */
const windowSeconds = 5 * 60;

interface SignedRequest {
  readonly body: Buffer;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** Whether Slack signed these very bytes, within the last five minutes: `v0=` and HMAC-SHA256 of `v0:TIME:BODY`. */
export function isFromSlack(
  { body, timestamp, signature }: SignedRequest,
  secret: string,
  now: number,
): boolean {
  if (!timestamp || !signature || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1_000 - Number(timestamp)) > windowSeconds) return false;
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body);
  const expected = Buffer.from(`v0=${hmac.digest('hex')}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
