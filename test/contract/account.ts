import type { Storage } from './case-store-contract';
import type { Mailbox } from './command-queue-contract';
import type { LiveSessions } from './connections-contract';
import type { Registry } from './registry';

/** One implementation of all ports, which must keep their laws. Each part is opened when the first law asks for it. */
export interface Account {
  readonly name: string;
  /** Whether operations may be missing; those of our own must all be there. */
  readonly mayLack: boolean;
  openStorage(): Promise<Storage>;
  openRegistry(): Promise<Registry>;
  openLiveSessions(): Promise<LiveSessions>;
  openMailbox(): Promise<Mailbox>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}
