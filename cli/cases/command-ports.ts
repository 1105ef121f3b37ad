import type { Fault } from '../exit-codes';
import type { Target } from '../target';

/**
 * The dependencies of each folder's commands. Implementations are loaded when a command runs, so that each starts
 * quickly.
 */
export interface CommandPorts {
  readonly version: string;
  /** Opens the stack that the command is for, and names it on standard error. */
  readonly target: () => Promise<Target>;
  /** The same stack as it is now: a local one that was started again has another address. */
  readonly reopen: (from: Target) => Promise<Target>;
  /** Explains the failure of one of several things, for a caller that continues with the others. */
  readonly explain: (error: unknown) => Promise<Fault>;
}
