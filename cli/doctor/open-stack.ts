import { UnreachableError } from '../cli-error';
import { writeDeployCommand } from '../deploy/service';
import { describeMissingStage } from '../describe-missing-stage';
import { isShut } from '../faults';
import type { DoctorAccount } from './account';
import type { StackState } from './checks/stack';

interface StackTarget {
  readonly stage: string;
  readonly isLocal: boolean;
  readonly account: Pick<DoctorAccount, 'readStack' | 'readTemplate'>;
}

/** Reads the parts of the stack that several checks need. Throws if nothing could be examined. */
export async function openStack(prefix: string, target: StackTarget) {
  const { account } = target;
  const stack = findStack(target, () => account.readStack(prefix));
  await stack.catch((error: unknown) => {
    // Without a readable stack there is nothing to examine. Each check reports other faults itself.
    if (isShut(error)) throw error;
  });
  let deployed: ReturnType<typeof account.readTemplate> | undefined;
  return {
    /** Rejected if it can't be read. */
    stack,
    readDeployed: () => {
      deployed ??= account.readTemplate(prefix);
      return deployed;
    },
    /** `arn:aws:SERVICE:REGION:ACCOUNT`. */
    arnPrefixOf: async (service: string) => {
      const [, partition, , region, id] = (await stack).id.split(':');
      return `arn:${partition}:${service}:${region}:${id}`;
    },
  };
}

async function findStack(
  where: Pick<StackTarget, 'stage' | 'isLocal'>,
  read: () => Promise<StackState | undefined>,
): Promise<StackState> {
  const found = await read();
  if (found) return found;
  throw new UnreachableError(
    describeMissingStage(
      where,
      `no stack cordon-${where.stage}`,
      `, or deploy it: ${writeDeployCommand(where.stage)}`,
    ),
  );
}
