import type { CaseStore, Clock, CommandQueue, Log, Metrics } from '../../shared/ports';

export interface SweepPorts {
  readonly cases: Pick<CaseStore, 'listDue'>;
  readonly commands: CommandQueue;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Cases taken up in one run. More wait a minute; IoT's quotas, not the sweep, bound the pace. */
const maxPerRun = 500;

/** Sends every due case back to its mailbox: work left half done, denials to verify again. */
export function sweep({ cases, commands, log, metrics, clock }: SweepPorts) {
  return async (): Promise<void> => {
    const now = clock();
    const due = await cases.listDue(now, maxPerRun);
    const minute = Math.floor(now / 60_000);
    const sent = await Promise.allSettled(
      due.map((thingName) => commands.send({ type: 'resume', thingName }, `resume#${thingName}#${minute}`)),
    );
    const failed = sent.filter((result) => result.status === 'rejected');
    metrics.count('SweepRun');
    metrics.count('CaseResumed', sent.length - failed.length);
    log.info('swept', { due: due.length, failed: failed.length });
    if (failed.length > 0)
      throw new AggregateError(
        failed.map(({ reason }) => reason),
        'some cases were not resumed',
      );
  };
}
