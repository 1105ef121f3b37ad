import type { Log, Metrics } from '../../shared/ports';

export interface EmailPorts {
  /** The addresses of cordon.yml. */
  readonly addresses: readonly string[];
  /** Addresses that are mailed, in lower case, by topic. */
  readonly mailed: Readonly<Record<string, () => Promise<ReadonlySet<string>>>>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Tells of addresses that are mailed nothing: never confirmed, or unsubscribed by whoever got a mail. */
export async function findUnmailed({ addresses, mailed, log, metrics }: EmailPorts): Promise<void> {
  if (addresses.length === 0) return;
  for (const [topic, list] of Object.entries(mailed)) {
    const reached = await list();
    const missing = addresses.filter((address) => !reached.has(address.toLowerCase()));
    if (missing.length === 0) continue;
    metrics.count('EmailNotSubscribed', missing.length);
    log.error('addresses of cordon.yml are mailed nothing: unconfirmed or unsubscribed', { topic, missing });
  }
}
