import type { Violation } from './violation';

/** What a source says of a thing. A union: profile, behavior and metric are of a behavior's violation only. */
export type Finding = { readonly kind: 'behavior-violation'; readonly violation: Violation };

export type Reading =
  | { readonly kind: 'findings'; readonly findings: readonly Finding[] }
  /** A message that is no fault, and that nothing follows from. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** One kind of message on the alerts topic. A new one is a file in sources/ and a line in read-message.ts. */
export interface Source {
  readonly name: string;
  /** Undefined: the message is of another source. Never throws. */
  read(message: Readonly<Record<string, unknown>>): Reading | undefined;
}
