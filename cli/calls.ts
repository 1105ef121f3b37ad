import { StandardRetryStrategy } from '@smithy/core/retry';

type Token = Awaited<ReturnType<StandardRetryStrategy['acquireInitialRetryToken']>>;
type Failure = Parameters<StandardRetryStrategy['refreshRetryTokenForRetry']>[1];

/** Codes of Node for a host that does not exist or does not answer. */
const silences = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
]);

/** Whether the call got no answer, rather than a refusal. */
export function isUnanswered(error: Error): boolean {
  return error.name === 'TimeoutError' || ('code' in error && silences.has(String(error.code)));
}

/** A timeout. The SDK uses the same name for a connection that was cut. */
function isSlow(error: Error): boolean {
  return error.name === 'TimeoutError' && (!('code' in error) || error.code === 'ETIMEDOUT');
}

/**
 * Retries throttled calls as often as AWS's quotas may require. Retries an address that does not answer only once, and
 * only if the first attempt failed at once.
 */
class AnsweredRetryStrategy extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(token: Token, failure: Failure): Promise<Token> {
    const { error } = failure;
    if (error instanceof Error && isUnanswered(error))
      if (isSlow(error) || token.getRetryCount() > 0) throw error;
    return super.refreshRetryTokenForRetry(token, failure);
  }
}

/** How long a person waits for one answer of a service. A function that is invoked may take longer. */
const answerMs = 8_000;

/** Settings of each client of the command: a person waits for it, and learns within seconds that an address does not answer. */
export function promptCalls(requestTimeout = answerMs) {
  return {
    retryStrategy: new AnsweredRetryStrategy({ maxAttempts: 8 }),
    // The last timeout is for an answer that begins and never ends.
    requestHandler: {
      ...{ connectionTimeout: 4_000, requestTimeout, throwOnRequestTimeout: true },
      socketTimeout: requestTimeout,
    },
  };
}
