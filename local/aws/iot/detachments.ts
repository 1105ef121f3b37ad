/**
 * Detachments that have not spread yet. "It can take up to five minutes after a policy is detached before it's ready to be
 * deleted" (API reference of DetachPolicy); things and certificates are refused alike.
 */
export interface Detachments {
  /** Notes that something was taken from a policy, thing or certificate, by its ARN. */
  note(arn: string): void;
  /** Whether that is so lately that it can't be deleted. */
  holds(arn: string): boolean;
  setDelaySeconds(seconds: number): void;
}

export function createDetachments(now: () => number, delaySeconds: number): Detachments {
  const notedAt = new Map<string, number>();
  let delayMs = delaySeconds * 1000;
  return {
    note(arn) {
      notedAt.set(arn, now());
    },
    holds(arn) {
      const at = notedAt.get(arn);
      return at !== undefined && now() - at < delayMs;
    },
    setDelaySeconds(seconds) {
      delayMs = seconds * 1000;
    },
  };
}
