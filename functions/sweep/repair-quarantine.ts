import type { QuarantinePart } from '../../shared/aws/quarantine-watch';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { Log, Metrics } from '../../shared/ports/runtime';

export interface Quarantine {
  /** The missing parts, in the order of their repair. */
  findMissing(): Promise<readonly QuarantinePart[]>;
  /** Restores a part. */
  repair(missing: QuarantinePart): Promise<void>;
}

interface RepairPorts {
  readonly quarantine: Quarantine;
  readonly killSwitch: KillSwitchReader;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Restores a missing group, policy or policy document of the quarantine; without it, contained things may publish. A part
 * that can't be restored does not delay the others. Returns for each part whether it was restored, since contained things
 * must then be verified again. Unless the kill switch is off, this only logs.
 */
export async function repairQuarantine(ports: RepairPorts): Promise<PromiseSettledResult<boolean>[]> {
  const [looked] = await Promise.allSettled([ports.quarantine.findMissing()]);
  if (looked.status === 'rejected') return [looked];
  const results: PromiseSettledResult<boolean>[] = [];
  for (const missing of looked.value)
    results.push(...(await Promise.allSettled([repairPart(missing, ports)])));
  return results;
}

async function repairPart(
  missing: QuarantinePart,
  { quarantine, killSwitch, log, metrics }: RepairPorts,
): Promise<boolean> {
  metrics.count('QuarantineBroken');
  if ((await killSwitch()).state !== 'off') {
    log.error('the quarantine is incomplete, and not repaired, because the kill switch is not off', {
      missing,
    });
    return false;
  }
  await quarantine.repair(missing);
  log.error('the quarantine was incomplete: repaired', { missing });
  return true;
}
