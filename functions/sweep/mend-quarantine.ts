import type { QuarantinePart } from '../../shared/aws/quarantine-watch';
import type { KillSwitchReader, Log, Metrics } from '../../shared/ports';

export interface Quarantine {
  /** The first part that is missing; undefined where it is whole. */
  findMissing(): Promise<QuarantinePart | undefined>;
  /** Puts it back. */
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
 * new things alike may publish. Returns whether the held things have to be verified again. Unless the kill switch is off, it is only told.
 */
export async function mendQuarantine({ quarantine, killSwitch, log, metrics }: MendPorts): Promise<boolean> {
  const missing = await quarantine.findMissing();
  if (!missing) return false;
  metrics.count('QuarantineBroken');
  if ((await killSwitch()).state !== 'off') {
    log.error('the quarantine is not whole, and the kill switch is not off: left as it is', { missing });
    return false;
  }
  await quarantine.mend(missing);
  log.error('the quarantine was not whole: mended', { missing });
  return true;
}
