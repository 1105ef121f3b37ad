import type { Log, Metrics } from '../../shared/ports/runtime';

export interface EmailPorts {
  /** The addresses of cordon.yml. */
  readonly addresses: readonly string[];
  /** Confirmed addresses in lower case, by topic. */
  readonly mailed: Readonly<Record<string, () => Promise<ReadonlySet<string>>>>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Logs and counts the addresses that receive no mail: never confirmed, or unsubscribed by a recipient. */
export async function findUnmailed({ addresses, mailed, log, metrics }: EmailPorts): Promise<void> {
  if (addresses.length === 0) return;
  for (const [topic, list] of Object.entries(mailed)) {
    const reached = await list();
    const missing = addresses.filter((address) => !reached.has(address.toLowerCase()));
    if (missing.length === 0) continue;
    metrics.count('EmailNotSubscribed', missing.length);
    log.error('addresses in cordon.yml receive no mail: unconfirmed or unsubscribed', { topic, missing });
  }
}
