import type { Lease } from '../domain/actions/lease';
import type { Detail } from '../domain/case/details';
import type { ThingKey } from '../domain/thing-ref';
import { isRefusal, VersionConflictError } from '../errors';
import type { Leases } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import type { MitigationContext } from './action';

/** How often a conflict is retried: this many things may take and leave a shared object at the same moment. */
const tries = 20;

type LeaseContext = Pick<MitigationContext, 'thingName' | 'leases'>;

/**
 * Registers the thing as a holder of a shared object, before anything is done to it. Idempotent. Gives when Cordon had
 * set the object, if that is known.
 */
export async function acquireLease(
  object: Lease['object'],
  prior: Lease['prior'],
  { thingName, leases }: LeaseContext,
): Promise<number | undefined> {
  let setAt: number | undefined;
  await untilUndisturbed(tries, async () => {
    const stored = await leases.load(object);
    const held = stored?.value.holders.length ? stored.value : { object, holders: [], prior };
    setAt = 'setAt' in held.prior ? held.prior.setAt : undefined;
    if (held.holders.includes(thingName)) return;
    await leases.save({ ...held, holders: [...held.holders, thingName] }, stored?.version ?? 0);
  });
  return setAt;
}

/** Notes when Cordon's own call changed the object. */
export async function noteSet(
  object: Lease['object'],
  setAt: number,
  { leases }: LeaseContext,
): Promise<void> {
  await untilUndisturbed(tries, async () => {
    const stored = await leases.load(object);
    if (!stored || !('statusBefore' in stored.value.prior)) return;
    const { value, version } = stored;
    await leases.save({ ...value, prior: { ...stored.value.prior, setAt } }, version);
  });
}

interface Undoing {
  /** Reads the lease if the thing is one of its holders. Otherwise nothing was done to the object for this thing. */
  readonly restore: (lease: Lease | undefined) => Promise<Detail | undefined>;
  /** Applies the containment to the object again. */
  readonly hold: () => Promise<void>;
}

/**
 * Restores a shared object, unless other things hold it; then the last of them restores it. The holder gives up its
 * lease after the restore, so that no other thing records a half restored state as the state before. If another thing
 * takes the object in between and finds it held, the object is denied again for that thing.
 */
export async function releaseLease(
  object: Lease['object'],
  { thingName, leases }: LeaseContext,
  { restore, hold }: Undoing,
): Promise<{ readonly problem?: Detail | undefined; readonly heldBy: readonly ThingKey[] }> {
  let problem: Detail | undefined;
  let heldBy: readonly ThingKey[] = [];
  let isRestored = false;
  await untilUndisturbed(tries, async () => {
    const stored = await leases.load(object);
    heldBy = stored?.value.holders.filter((name) => name !== thingName) ?? [];
    const isHolder = stored?.value.holders.includes(thingName) ?? false;
    if (heldBy.length === 0) {
      isRestored = true;
      const version = stored?.version;
      problem = await unlessTaken({ object, version }, leases, () =>
        restore(isHolder ? stored?.value : undefined),
      );
    }
    if (!stored || problem !== undefined) return;
    if (heldBy.length === 0) return leases.remove(object, stored.version);
    const { value } = stored;
    // The thing holds the object, so it must join the holders, of whom the last restores it: the others may leave
    // meanwhile.
    const version = isHolder
      ? stored.version
      : await leases.save({ ...value, holders: [...heldBy, thingName] }, stored.version);
    await (isRestored ? hold() : holdIfAllowed(hold));
    await leases.save({ ...value, holders: heldBy }, version);
  });
  return { problem, heldBy };
}

/**
 * For a release that was killed after its restore, even if the thing had given up its lease before that. If AWS refuses
 * permanently, the object was not held before either.
 */
async function holdIfAllowed(hold: () => Promise<void>): Promise<void> {
  try {
    await hold();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/**
 * A conflict does not count if another thing took the object meanwhile, because that containment also changed it. If
 * the lease was gone before, removing it does not show this.
 */
async function unlessTaken(
  before: { readonly object: Lease['object']; readonly version: number | undefined },
  leases: Leases,
  restore: () => Promise<Detail | undefined>,
): Promise<Detail | undefined> {
  const [result] = await Promise.allSettled([restore()]);
  const isDone = result.status === 'fulfilled' && result.value === undefined;
  if (isDone && before.version !== undefined) return undefined;
  if ((await leases.load(before.object))?.version !== before.version)
    throw new VersionConflictError(before.object);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** For an object that needs no restoring. */
export const nothingToUndo: Undoing = { restore: async () => undefined, hold: async () => undefined };
