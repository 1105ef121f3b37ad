import { formerForeign, groupSlots, readSlot } from './slots';
import type { BehaviorState, DetectState } from './state';

export type SlotStates = ReturnType<typeof openSlotStates>;

/** The states of a thing's behaviors, slot by slot, while a judgement changes them. */
export function openSlotStates({
  behaviors,
  endedAt: before = 0,
}: Pick<DetectState, 'behaviors' | 'endedAt'>) {
  const states: Record<string, BehaviorState> = { ...behaviors };
  const byKey = groupSlots(states);
  let endedAt = before;

  const lastOf = (slot: string): number => states[slot]?.recent?.at(-1) ?? 0;

  function drop(slot: string): void {
    const { key } = readSlot(slot);
    byKey.set(key, byKey.get(key)?.filter((other) => other !== slot) ?? []);
    endedAt = Math.max(endedAt, lastOf(slot));
    delete states[slot];
  }

  return {
    states: states as DetectState['behaviors'],
    endedAt: () => endedAt,
    before: (slot: string): BehaviorState => states[slot] ?? { bad: 0, good: 0 },
    isKnown: (slot: string): boolean => slot in states,
    isOpen: (slot: string): boolean => states[slot]?.violationId !== undefined,
    /** The slots of a behavior. */
    list: (key: string): readonly string[] => byKey.get(key) ?? [],

    keep(slot: string, next: BehaviorState): void {
      const { key } = readSlot(slot);
      if (!(slot in states)) byKey.set(key, [...(byKey.get(key) ?? []), slot]);
      states[slot] = next;
    },

    drop,

    /** Drops the state of forgotten senders; their open alarms start again with their next report. */
    dropOthers(known: ReadonlySet<string>): void {
      for (const slot of Object.keys(states)) {
        const { sender } = readSlot(slot);
        if (sender !== undefined && sender !== formerForeign && !known.has(sender)) drop(slot);
      }
    },

    /**
     * The time for the next event of a behavior, at this time or later, so that its events are in order whatever causes
     * or delays them.
     */
    timeEvent(key: string, at: number): number {
      const last = [endedAt, ...(byKey.get(key) ?? [key]).map(lastOf)];
      return Math.max(at, ...last.map((told) => told + 1));
    },
  };
}
