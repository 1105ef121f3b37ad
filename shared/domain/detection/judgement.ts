import type { Behavior } from '../configuration';
import { behaviorKey, type MetricValue } from '../findings/violation';
import { close, type Late, stepAlarm } from './alarm';
import { nextDue } from './due';
import { refreshMs } from './silence';
import { formerForeign, groupSlots, readSlot } from './slots';
import type {
  BehaviorState,
  Contribution,
  Datapoint,
  DetectedEvent,
  DetectState,
  Judgement,
  Membership,
  Profiles,
} from './state';
import { isTarget } from './targets';

/** What every judgement needs, whatever caused it. */
export interface Setting {
  readonly state: DetectState;
  /** When the datapoint is from, epoch ms: the receipt of a report, the time of an event, or now. */
  readonly at: number;
  readonly profiles: Profiles;
  /** Absent until the judgement turns out to depend on it (questions.ts). */
  readonly membership?: Membership | undefined;
  /** Names a new violation; the same arguments give the same id, so what comes twice repeats no alarm. */
  readonly nameViolation: (key: string, seed: string | number) => string;
}

/** A behavior that holds for the thing, and the place of its state. */
export interface Entry {
  readonly securityProfileName: string;
  readonly behavior: Behavior;
  readonly key: string;
}

interface Verdict {
  readonly isBad: boolean;
  readonly value: MetricValue;
  /** What identifies this datapoint, for the id of a new violation. */
  readonly seed: string | number;
  readonly principal?: string;
  /** The alarm is raised again while it is open, because its cause has changed. */
  readonly isNews?: boolean;
  /** When the datapoint was made, if that is not now. */
  readonly madeAt?: number;
  readonly late?: Late;
}

/** A thing outside a profile's targets is looked up again after this time, if it still violates. */
const trustOutsideMs = 300_000;

/** A judgement, which must be repeated with the membership if it depends on that. */
export interface Draft {
  readonly judgement: Judgement;
  readonly needsMembership: boolean;
}

/** The result for a repeated trigger: it changes nothing. */
export function ignore(state: DetectState): Draft {
  return {
    judgement: { state, events: [], datapoints: [], contributions: [] },
    needsMembership: false,
  };
}

/** Undefined removes a field. */
interface Changes extends Omit<Partial<DetectState>, 'agent'> {
  readonly agent?: DetectState['agent'] | undefined;
}

/** Collects what one datapoint, or the time, changes of a thing. */
export function openJudgement({ state, at, profiles, membership, nameViolation }: Setting) {
  const behaviors: Record<string, BehaviorState> = { ...state.behaviors };
  const outside: Record<string, number> = { ...state.outside };
  const counted: Record<string, number> = { ...state.counted };
  const events: DetectedEvent[] = [];
  const datapoints: Datapoint[] = [];
  const contributions: Contribution[] = [];
  let needsMembership = false;
  const slots = groupSlots(behaviors);

  /** Events of a behavior are in order of time, whatever their cause and delay. */
  function timeEvent(key: string): number {
    const last = (slots.get(key) ?? [key]).map((slot) => behaviors[slot]?.recent?.at(-1) ?? 0);
    return Math.max(at, ...last.map((told) => told + 1));
  }

  function put(slot: string, next: BehaviorState): void {
    const { key } = readSlot(slot);
    if (!(slot in behaviors)) slots.set(key, [...(slots.get(key) ?? []), slot]);
    behaviors[slot] = next;
  }

  function drop(slot: string): void {
    const { key } = readSlot(slot);
    slots.set(key, slots.get(key)?.filter((other) => other !== slot) ?? []);
    delete behaviors[slot];
  }

  function invalidate(slot: string, event: Pick<DetectedEvent, 'securityProfileName' | 'behavior'>): void {
    const before = behaviors[slot];
    if (!before?.violationId) return;
    const { violationId } = before;
    const eventAt = timeEvent(readSlot(slot).key);
    events.push({ ...event, eventType: 'alarm-invalidated', violationId, at: eventAt });
    behaviors[slot] = close({ ...before, bad: 0, good: 0 });
  }

  /** The thing is no longer a target: its open alarms are invalidated, and nothing more is evaluated. */
  function leave(entries: readonly Entry[], securityProfileName: string): void {
    for (const { key, behavior } of entries)
      for (const slot of slots.get(key) ?? []) {
        invalidate(slot, { securityProfileName, behavior });
        drop(slot);
      }
    if (at - (outside[securityProfileName] ?? 0) >= trustOutsideMs) outside[securityProfileName] = at;
  }

  /** A behavior that is no longer configured is no longer evaluated. */
  function dropForgotten(): void {
    const known = new Set(listEntries(profiles).map(({ key }) => key));
    for (const slot of Object.keys(behaviors)) {
      const { key } = readSlot(slot);
      if (known.has(key)) continue;
      const [securityProfileName = '', name = ''] = key.split('/');
      invalidate(slot, {
        securityProfileName,
        behavior: { name, metric: behaviors[slot]?.metric ?? 'unknown' },
      });
      drop(slot);
    }
  }

  /** Checks that the thing of an open alarm is still a target. */
  function recheck(open: BehaviorState, { securityProfileName }: Entry): BehaviorState {
    const { checkedAt = 0 } = open;
    if (at - checkedAt < refreshMs) return open;
    if (isTargetOf(securityProfileName)) return { ...open, checkedAt: at };
    needsMembership = true;
    return open;
  }

  /** Records a datapoint of an open alarm. */
  function refresh(open: BehaviorState, entry: Entry): BehaviorState {
    const { heardAt = 0 } = open;
    const heard = at - heardAt >= refreshMs ? at : heardAt;
    return recheck({ ...open, metric: entry.behavior.metric, heardAt: heard }, entry);
  }

  const isTargetOf = (name: string) => {
    const profile = profiles.find(([known]) => known === name)?.[1];
    return profile && isTarget(profile, membership);
  };

  return {
    at,
    /** The behaviors that hold for the thing, or may. */
    monitored(): Entry[] {
      dropForgotten();
      return profiles.flatMap(([name, profile]) => {
        const entries = listEntries([[name, profile]]);
        const target = isTarget(profile, membership);
        if (target === false) leave(entries, name);
        else if (target) delete outside[name];
        const isOutside = at - (outside[name] ?? Number.NEGATIVE_INFINITY) < trustOutsideMs;
        return target === false || isOutside ? [] : entries;
      });
    },

    before: (slot: string): BehaviorState => behaviors[slot] ?? { bad: 0, good: 0 },
    isKnown: (slot: string): boolean => slot in behaviors,
    isOpen: (slot: string): boolean => behaviors[slot]?.violationId !== undefined,

    slots: (key: string): readonly string[] => slots.get(key) ?? [],
    keep: put,

    /** Drops the state of forgotten senders; their open alarms start again with their next report. */
    dropOthers(known: ReadonlySet<string>): void {
      for (const slot of Object.keys(behaviors)) {
        const { sender } = readSlot(slot);
        if (sender !== undefined && sender !== formerForeign && !known.has(sender)) drop(slot);
      }
    },

    /** A datapoint of a behavior. */
    recordDatapoint(slot: string, entry: Entry, before: BehaviorState, verdict: Verdict): void {
      const { securityProfileName, behavior, key } = entry;
      const { isBad, value, seed, principal, isNews, madeAt = at, late } = verdict;
      const eventAt = timeEvent(key);
      const reading = { isBad, madeAt, ...(late && { late }) };
      const { state: next, event } = stepAlarm(before, reading, eventAt, behavior.criteria, () =>
        nameViolation(slot, seed),
      );
      put(slot, next.violationId ? refresh(next, entry) : next);
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

    invalidate,
    recheck,

    /** Whether the thing is to be counted among the fleet in this window: once in each. */
    count(contribution: Contribution): void {
      const name = `${contribution.metric}#${contribution.durationSeconds}`;
      if (counted[name] === contribution.window) return;
      counted[name] = contribution.window;
      contributions.push(contribution);
    },

    retain(found: readonly Datapoint[]): void {
      datapoints.push(...found);
    },

    /** The result; `changes` of the state beside the behaviors, `stamp` what is noted only where something changed. */
    conclude(changes: Changes = {}, stamp: Partial<DetectState> = {}): Draft {
      const { dueAt: _, outside: _o, counted: _c, agent: known, ...rest } = state;
      const { agent, ...others } = { agent: known, ...changes };
      const next: DetectState = {
        ...rest,
        ...others,
        ...(agent && { agent }),
        behaviors,
        ...(Object.keys(outside).length > 0 && { outside }),
        ...(Object.keys(counted).length > 0 && { counted }),
      };
      const dueAt = nextDue(next, profiles, at);
      const timed = dueAt === undefined ? next : { ...next, dueAt };
      return {
        judgement: {
          state: isSame(timed, state) ? state : { ...timed, ...stamp },
          events,
          datapoints,
          contributions,
        },
        needsMembership: membership === undefined && needsMembership,
      };
    },
  };
}

function listEntries(profiles: Profiles): Entry[] {
  return profiles.flatMap(([securityProfileName, { behaviors }]) =>
    behaviors.map((behavior) => ({
      securityProfileName,
      behavior,
      key: behaviorKey({ securityProfileName, behaviorName: behavior.name }),
    })),
  );
}

/** Equal as stored: a table may return the keys of a map in another order. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => isSame(a[key as keyof typeof a], b[key as keyof typeof b]));
}
