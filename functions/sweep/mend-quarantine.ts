import type { QuarantinePart } from '../../shared/aws/quarantine-watch';
import type { KillSwitchReader, Log, Metrics } from '../../shared/ports';

export interface Quarantine {
  /** What is missing, in the order in which it is to be mended. */
  findMissing(): Promise<readonly QuarantinePart[]>;
  /** Puts a part back. */
  mend(missing: QuarantinePart): Promise<void>;
}

interface MendPorts {
  readonly quarantine: Quarantine;
  readonly killSwitch: KillSwitchReader;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Puts back what somebody took away from the quarantine: without its policy, that policy's text or its group, held and
 * new things alike may publish. What can't be put back holds up no other part. Says of each part whether it is mended,
 * so that the held things have to be verified again. Unless the kill switch is off, it is only told.
 */
export async function mendQuarantine(ports: MendPorts): Promise<PromiseSettledResult<boolean>[]> {
  const [looked] = await Promise.allSettled([ports.quarantine.findMissing()]);
  if (looked.status === 'rejected') return [looked];
  const results: PromiseSettledResult<boolean>[] = [];
  for (const missing of looked.value) results.push(...(await Promise.allSettled([mendPart(missing, ports)])));
  return results;
}

async function mendPart(
  missing: QuarantinePart,
  { quarantine, killSwitch, log, metrics }: MendPorts,
): Promise<boolean> {
  metrics.count('QuarantineBroken');
  if ((await killSwitch()).state !== 'off') {
    log.error('the quarantine is not whole, and the kill switch is not off: left as it is', { missing });
    return false;
  }
  await quarantine.mend(missing);
  log.error('the quarantine was not whole: mended', { missing });
  return true;
}
