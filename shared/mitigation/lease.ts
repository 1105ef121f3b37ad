import type { Lease } from '../domain/actions/lease';
import type { Detail } from '../domain/case/details';
import type { ThingKey } from '../domain/thing-ref';
import { untilUndisturbed } from '../undisturbed';
import type { MitigationContext } from './action';

/** As many things as may take and leave a shared object at the same moment. */
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

/**
 * Undoes what was done to a shared object, if no other thing holds it as well; else the last of them will. The holder
 * leaves after the restore, so that nobody takes what is half restored for the state before. `restore` gets the lease
 * while the thing is one of the holders: without one, nothing of what is found was done for it.
 */
export async function releaseLease(
  object: Lease['object'],
  { thingName, leases }: LeaseContext,
  restore: (lease: Lease | undefined) => Promise<Detail | undefined>,
): Promise<{ readonly problem?: Detail | undefined; readonly heldBy: readonly ThingKey[] }> {
  let problem: Detail | undefined;
  let heldBy: readonly ThingKey[] = [];
  await untilUndisturbed(tries, async () => {
    const stored = await leases.load(object);
    heldBy = stored?.value.holders.filter((name) => name !== thingName) ?? [];
    const isHolder = stored?.value.holders.includes(thingName) ?? false;
    if (heldBy.length === 0) problem = await restore(isHolder ? stored?.value : undefined);
    if (!stored || problem !== undefined) return;
    if (heldBy.length > 0) await leases.save({ ...stored.value, holders: heldBy }, stored.version);
    else await leases.remove(object, stored.version);
  });
  return { problem, heldBy };
}
