import { isForeign } from './senders';
import type { BehaviorState } from './state';

/**
 * Where the state of a behavior is kept: of each sender apart, so that nobody hides, ends or uses up what another tells.
 * Lifecycle events come from AWS, and share the owner's place.
 */
export function slotOf(key: string, sender: string, owner: string | undefined): string {
  return sender === owner ? key : `${key}|${sender}`;
}

/** Of a slot: the behavior's key, and the sender that is not the owner. */
export function readSlot(slot: string): { key: string; sender?: string } {
  const mark = slot.indexOf('|');
  return mark < 0 ? { key: slot } : { key: slot.slice(0, mark), sender: slot.slice(mark + 1) };
}

/** What others said of a thing was kept together once. */
export const formerForeign = 'foreign';

export function isForeignSlot(slot: string): boolean {
  const { sender } = readSlot(slot);
  return sender !== undefined && (sender === formerForeign || isForeign(sender));
}

/** The slots of each behavior. */
export function groupSlots(behaviors: Readonly<Record<string, BehaviorState>>): Map<string, string[]> {
  return Map.groupBy(Object.keys(behaviors), (slot) => readSlot(slot).key);
}
