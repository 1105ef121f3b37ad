import type { FindingWorkflow, SecurityHub } from '../../../../shared/aws/security-hub';
import { failAws } from '../../delivery/aws-failure';
import type { Channel } from '../../delivery/channel';
import { findWorkflow, writeFinding } from './finding';

export interface SecurityHubTarget {
  readonly hub: SecurityHub;
  /** The prefix of the stack's account: `arn:PARTITION:iot:REGION:ACCOUNT`. */
  readonly iotArnPrefix: string;
}

/** What the channel remembers of the finding of a case. */
export interface SecurityHubPlace {
  readonly updatedAt?: number;
  readonly workflow?: FindingWorkflow;
}

export const nowhere: SecurityHubPlace = {};

const title = 'Security Hub';

/**
 * One finding for each case. A person's workflow status stays until the case has another one: only a change of Cordon's own
 * is written.
 */
export function connectSecurityHubChannel({
  hub,
  iotArnPrefix,
}: SecurityHubTarget): Channel<SecurityHubPlace> {
  return {
    async show(newest, { place, posting }, { call, willPost }) {
      const workflow = findWorkflow(newest);
      const { updatedAt: last = 0 } = place;
      // Security Hub ignores what is not later than what it has; two states may be of the same millisecond.
      const updatedAt = Math.max(newest.at + newest.seq, last + 1);
      const finding = writeFinding(newest, iotArnPrefix, updatedAt);
      const isNew = place.workflow === undefined && posting !== true;
      if (isNew) await willPost();
      const ask = (request: () => Promise<void>) =>
        call(() => request().catch((error: unknown) => failHub(error)));
      await ask(() => hub.importFinding(isNew ? { ...finding, Workflow: { Status: workflow } } : finding));
      // After a lost answer, the finding may have the status of a state before this one.
      if (!isNew && (workflow !== place.workflow || posting)) {
        await willPost();
        await ask(() => hub.setWorkflow(finding, workflow));
      }
      return { place: { updatedAt, workflow } };
    },
  };
}

/** A finding that was imported a moment ago may not be found yet: that passes. */
function failHub(error: unknown): never {
  if (error instanceof Error && /^(FindingNotFound|ConcurrentUpdateError)$/.test(error.name)) throw error;
  return failAws(title, error);
}
