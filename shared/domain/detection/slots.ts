import { groupBy } from '../group-by';
import { isForeign } from './senders';
import type { BehaviorState } from './state';

/**
 * Where the state of a behavior is kept: separately for each sender, so that none hides, ends or uses up the alarms of
 * another. Lifecycle events come from AWS, and share the owner's slot.
 */
export function slotOf(key: string, sender: string, owner: string | undefined): string {
  return sender === owner ? key : `${key}|${sender}`;
}

/** The parts of a slot's name: the behavior's key, and a sender other than the owner. */
export function readSlot(slot: string): { key: string; sender?: string } {
  const mark = slot.indexOf('|');
  return mark < 0 ? { key: slot } : { key: slot.slice(0, mark), sender: slot.slice(mark + 1) };
}

/** In older states, the reports of all other senders share one slot. */
export const formerForeign = 'foreign';

export function isForeignSlot(slot: string): boolean {
  const { sender } = readSlot(slot);
  return sender !== undefined && (sender === formerForeign || isForeign(sender));
}

/** The slots of each behavior. */
export function groupSlots(behaviors: Readonly<Record<string, BehaviorState>>): Map<string, string[]> {
  return groupBy(Object.keys(behaviors), (slot) => readSlot(slot).key);
}
