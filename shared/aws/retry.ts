import { StandardRetryStrategy } from '@smithy/core/retry';
import { isRefusal } from '../errors';

type Token = Awaited<ReturnType<StandardRetryStrategy['acquireInitialRetryToken']>>;
type Failure = Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>[1];

/**
 * Retries like the SDK, but for a limited time, and never a permanent refusal: the SDK treats LimitExceededException as
 * throttling, and would spend fifteen seconds on a certificate that already has ten policies.
 */
class BoundedRetryStrategy extends StandardRetryStrategy {
  readonly #patienceMs: number;
  readonly #begunAt = new WeakMap<Token, number>();

  constructor(maxAttempts: number, patienceMs: number) {
    super({ maxAttempts, backoff: cappedBackoff() });
    this.#patienceMs = patienceMs;
  }

  override async acquireInitialRetryToken(scope: string): Promise<Token> {
    const token = await super.acquireInitialRetryToken(scope);
    this.#begunAt.set(token, Date.now());
    return token;
  }

  override async refreshRetryTokenForRetry(token: Token, failure: Failure): Promise<Token> {
    const begunAt = this.#begunAt.get(token) ?? Date.now();
    if (isRefusal(failure.error)) throw failure.error;
    if (Date.now() - begunAt >= this.#patienceMs) throw new Error('out of patience');
    const next = await super.refreshRetryTokenForRetry(token, failure);
    this.#begunAt.set(next, begunAt);
    return next;
  }
}

/** Exponential backoff with full jitter like the SDK's, but no pause is longer than a second. */
function cappedBackoff() {
  let baseMs = 100;
  return {
    setDelayBase: (delayMs: number) => {
      baseMs = delayMs;
    },
    computeNextBackoffDelay: (retries: number) =>
      Math.floor(Math.random() * Math.min(1_000, baseMs * 2 ** retries)),
  };
}

/**
 * Settings of a client of AWS IoT: a call that hangs or is throttled gives up in time for the others, because its queue or
 * schedule retries it.
 */
export function boundedCalls() {
  return {
    retryStrategy: new BoundedRetryStrategy(6, 3_000),
    requestHandler: { connectionTimeout: 1_500, requestTimeout: 3_000, throwOnRequestTimeout: true },
  };
}
