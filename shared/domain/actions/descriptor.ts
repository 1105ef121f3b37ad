import type { KnownFacts } from '../facts';
import type { SharedObject } from './lease';

/** The facts about a thing and its case when an action is planned. */
interface Planning {
  /**
   * The name of the job or task that the action starts: the case's id, with the time if the case has started one
   * before.
   */
  readonly run: string;
  readonly configuration: { readonly quarantine: { readonly thingGroup: string } };
  readonly facts: KnownFacts;
  readonly clientIds: readonly string[];
  /** Device Defender's own violations: it starts tasks for no others. */
  readonly violationIds: readonly string[];
  /** The policy that denies everything but the kept topics, and its document. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
}

/** How a playbook of cordon.yml uses an action. */
interface ActionUse {
  readonly detector: string;
  readonly actions: readonly string[];
  /** All actions, with those that escalation adds. */
  readonly all: readonly string[];
}

/**
 * All that the rules, guards, `check` and the roles know of a mitigation action; `shared/mitigation/` does it. `P` is what
 * the action finds before it changes anything, which the ledger keeps; `Backup` is the name of the action that backs it.
 */
export interface ActionDescriptor<P, Backup extends string = never> {
  /** For people, in the docs and where an operator chooses an action: what it does, and what a release does. */
  readonly words: { readonly does: string; readonly release: string };
  /**
   * How the action keeps the device out. A certificate's status applies at once and lasts. Ending a session has an
   * effect once. A policy may apply minutes later, because IoT Core caches policies.
   */
  readonly means: 'certificate-status' | 'session' | 'policy' | 'none';
  /** The objects that it changes and that other things may use: a guard asks first. */
  readonly touches?: 'certificates' | 'policies';
  /** Facts that Cordon looks up only if a playbook may use the action. */
  readonly needs?: 'certificate-status' | 'policies';
  /** respond has all rights of the action only if a playbook names it (`whenNamed` in `shared/mitigation/`). */
  readonly needsNaming?: true;
  /** The action that denies where this one doesn't reach, or is refused. */
  readonly backup?: ActionBackup<P, Backup>;
  /** The certificates that it denies or makes inactive. */
  readonly certificates?: {
    /** The property of a certificate that several containments may hold. */
    object(certificateId: string): SharedObject;
    /** Their ids. */
    list(prior: P): string[];
  };
  /** The client ids whose sessions it ends. */
  readonly clientIds?: {
    list(prior: P): readonly string[];
    add(prior: P, clientId: string): P;
  };
  findPrior(planning: Planning): P;
  /** Adds objects that appeared since, such as a certificate; undefined if there are none. */
  extendPrior?(prior: P, fresh: P): P | undefined;
  /** Updates the state of the same objects from `fresh`, if a release restores any. */
  renewPrior?(prior: P, fresh: P): P;
  /** Objects beside the certificates that several containments may hold. */
  listShared?(prior: P): SharedObject[];
  /** What a release changes back, for people; empty if the action leaves nothing to be undone. */
  listRestored(prior: P): readonly Restored[];
  /** ARNs of the certificates that it denies whatever the thing's groups say. */
  listDenied?(prior: P): string[];
  /** What may prevent the action. */
  readonly obstacle?: {
    stands(planning: Pick<Planning, 'violationIds'>): boolean;
    /** For people. */
    readonly words: string;
  };
  /** Details of its steps that no other action has, in words. */
  readonly details?: Readonly<Record<string, (...names: string[]) => string>>;
  /** Why cordon.yml can't use the action in this way; undefined if it can. */
  findFault?(use: ActionUse): string | undefined;
}

/** What an action can change. */
export const restorable = [
  'thing group',
  'attached policy',
  'policy version',
  'certificate',
  'job',
  'mitigation task',
] as const;

/** An object that an action changed, in words for people. */
export interface Restored {
  readonly object: (typeof restorable)[number];
  readonly name: string;
  /** The state that the containment left. */
  readonly now: string;
  /** The state before, which a release restores. */
  readonly before: string;
}

interface ActionBackup<P, Name extends string> {
  readonly action: Name;
  /** Whether a denial of these certificates, by ARN, reaches all that the action would. */
  isCovered(prior: P, denied: ReadonlySet<string>): boolean;
  /** For people. */
  readonly words: {
    /** Why the backup is planned. */
    readonly reason: string;
    /** For a case that the backup holds: the missing denial, and the one in its place. */
    readonly missing: string;
    readonly inItsPlace: string;
    /** The words for a case in which the backup was refused, and is no longer needed. */
    readonly inPlace: string;
  };
}

/** The items of `known`, each replaced by the same item of `found` if there is one. */
export function renewEach<T>(known: readonly T[], found: readonly T[], keyOf: (one: T) => unknown): T[] {
  return known.map((one) => found.find((other) => keyOf(other) === keyOf(one)) ?? one);
}

/** The items of `found` that are not in `known`. */
export function findNew<T>(known: readonly T[], found: readonly T[], keyOf: (one: T) => unknown): T[] {
  const keys = new Set(known.map(keyOf));
  return found.filter((one) => !keys.has(keyOf(one)));
}
