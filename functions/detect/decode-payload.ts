import { decode, type Token, Tokenizer, Type } from 'cborg';
import { parseJson } from '../../shared/domain/json';

/**
 * AWS IoT accepts no larger message (AWS IoT Core quotas), but an operator may send one back from a dead-letter queue.
 */
const largestBytes = 128 * 1024;
/** A report nests seven deep, and lists a few hundred ports and addresses. */
const deepest = 32;
const mostItems = 50_000;

/**
 * The value of a device's report, or undefined if it can't be read. The cost must be bounded by the length of the
 * payload: CBOR tags are not followed, since some expand, and depth and items are limited while reading.
 */
export function decodePayload(payload: string, format: 'json' | 'cbor'): unknown {
  // Four characters of base64 are three bytes.
  if (payload.length > Math.ceil(largestBytes / 3) * 4) return undefined;
  const bytes = Buffer.from(payload, 'base64');
  try {
    if (format === 'json') return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return decode(bytes, {
      rejectDuplicateMapKeys: true,
      tokenizer: new BoundedTokenizer(bytes, { allowBigInt: true }),
    });
  } catch {
    return undefined;
  }
}

/** Reads item by item, so that decoding ends at the bounds before anything larger is built. */
class BoundedTokenizer extends Tokenizer {
  /** Items still to come of each array and map that is open: no number of them if a break ends it. */
  readonly #open: number[] = [];
  #items = 0;

  override next(): Token {
    const token = super.next();
    this.#items += 1;
    if (this.#items > mostItems) throw new RangeError(`more than ${mostItems} items`);
    const { type, value } = token;
    if (Type.equals(type, Type.break)) this.#open.pop();
    // A container is an item itself, and counts when it ends.
    if (Type.equals(type, Type.array)) this.#open.push(value);
    else if (Type.equals(type, Type.map)) this.#open.push(2 * value);
    else this.#countDown();
    while (this.#open.at(-1) === 0) {
      this.#open.pop();
      this.#countDown();
    }
    if (this.#open.length > deepest) throw new RangeError(`nested deeper than ${deepest}`);
    // Real agents report counters beyond 2^53, which are numbers in JSON, too.
    if (typeof value === 'bigint') token.value = Number(value);
    return token;
  }

  #countDown(): void {
    const left = this.#open.pop();
    if (left !== undefined) this.#open.push(left - 1);
  }
}
