import type { PresentResources } from './present';
import type { DeployedResource } from './template';

/** A difference that a command of its own restores. Other differences are only text. */
interface Difference {
  readonly what: string;
  readonly why?: string;
  readonly mend: string;
}

export type Differences = readonly (string | Difference)[];

export interface Judge {
  /** What the type is called. */
  readonly word: string;
  /** Why the local stack can't say it, if that lacks the service. */
  readonly unknownLocally?: string;
  /** The name of a resource whose id says nothing. */
  name?(resource: DeployedResource): string;
  /** The differences from the deployed resource, in words. `all`: the resources of the stack. */
  judge(
    resource: DeployedResource,
    present: PresentResources,
    all: readonly DeployedResource[],
  ): Promise<Differences>;
}

export const gone = ['it is missing'];

export function listKnown(value: unknown): string[] {
  return [value ?? []].flat().filter((one) => typeof one === 'string');
}
