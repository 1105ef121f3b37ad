import type { HttpAnswer } from '../../shared/http';

/** Less than half of a Lambda response of 6 MB, since the body is quoted there. */
const maxBytes = 2_500_000;

/**
 * A page of at most `most` entries. If they are too long for one response, which a device or another product can cause, the page
 * is read again, and only half of it.
 */
export async function fitAnswer(
  most: number,
  read: (limit: number) => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  for (let limit = most; ; limit = Math.ceil(limit / 2)) {
    const answered = await read(limit);
    if (limit === 1 || Buffer.byteLength(answered.body ?? '') <= maxBytes) return answered;
  }
}
