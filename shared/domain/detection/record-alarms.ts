import type { MetricValue } from '../findings/violation';
import { close, type Late, stepAlarm } from './alarm';
import { type Entry, listEntries } from './entries';
import { refreshMs } from './invalidation';
import type { SlotStates } from './slot-states';
import { readSlot } from './slots';
import type { BehaviorState, DetectedEvent, Profiles } from './state';

/** How a datapoint compares with its behavior. */
export interface Verdict {
  readonly isBad: boolean;
  readonly value: MetricValue;
  /** Identifies this datapoint in the id of a new violation. */
  readonly seed: string | number;
  readonly principal?: string;
  /** The alarm is raised again while it is open, because its cause has changed. */
  readonly isNews?: boolean;
  /** When the datapoint was made, if that is not now. */
  readonly madeAt?: number;
  readonly late?: Late;
}

interface Recording {
  readonly at: number;
  readonly nameViolation: (slot: string, seed: string | number) => string;
  /** Checks that the thing of an open alarm is still a target. */
  readonly recheck: (open: BehaviorState, securityProfileName: string) => BehaviorState;
}

/** Raises and ends the alarms of a thing's behaviors, and lists their events. */
export function recordAlarms(slots: SlotStates, { at, nameViolation, recheck }: Recording) {
  const events: DetectedEvent[] = [];

  function invalidate(slot: string, event: Pick<DetectedEvent, 'securityProfileName' | 'behavior'>): void {
    const before = slots.before(slot);
    const { forgotten, violationId = forgotten, recent = [] } = before;
    if (violationId === undefined) return;
    const eventAt = slots.timeEvent(readSlot(slot).key, at);
    events.push({ ...event, eventType: 'alarm-invalidated', violationId, at: eventAt });
    slots.keep(slot, close({ ...before, bad: 0, good: 0, recent: [...recent, eventAt] }));
  }

  /** Records a datapoint of an open alarm. */
  function refresh(open: BehaviorState, { behavior, securityProfileName }: Entry): BehaviorState {
    const { heardAt = 0 } = open;
    const heard = at - heardAt >= refreshMs ? at : heardAt;
    return recheck({ ...open, metric: behavior.metric, heardAt: heard }, securityProfileName);
  }

  return {
    events: events as readonly DetectedEvent[],
    invalidate,

    /** A datapoint of a behavior. */
    recordDatapoint(slot: string, entry: Entry, before: BehaviorState, verdict: Verdict): void {
      const { securityProfileName, behavior, key } = entry;
      const { isBad, value, seed, principal, isNews, madeAt = at, late } = verdict;
      const eventAt = slots.timeEvent(key, at);
      const reading = { isBad, madeAt, ...(late && { late }) };
      const { state: next, event } = stepAlarm(before, reading, eventAt, behavior.criteria, () =>
        nameViolation(slot, seed),
      );
      slots.keep(slot, next.violationId ? refresh(next, entry) : next);
      const { violationId } = next;
      const again = isNews && violationId ? ({ eventType: 'in-alarm', violationId } as const) : undefined;
      const told = event ?? again;
      if (!told) return;
      events.push({
        ...{ securityProfileName, behavior, value, at: eventAt },
        ...told,
        ...(principal && { principal }),
      });
    },

    /** The thing is no longer a target: its open alarms are invalidated, and nothing more is evaluated. */
    leave(entries: readonly Entry[]): void {
      for (const { key, behavior, securityProfileName } of entries)
        for (const slot of slots.list(key)) {
          invalidate(slot, { securityProfileName, behavior });
          slots.drop(slot);
        }
    },

    /** A behavior that is no longer configured is no longer evaluated. */
    dropForgotten(profiles: Profiles): void {
      const known = new Set(listEntries(profiles).map(({ key }) => key));
      for (const [slot, { metric = 'unknown' }] of Object.entries(slots.states)) {
        const { key } = readSlot(slot);
        if (known.has(key)) continue;
        const [securityProfileName = '', name = ''] = key.split('/');
        invalidate(slot, { securityProfileName, behavior: { name, metric } });
        slots.drop(slot);
      }
    },
  };
}
