import { isEqual } from '../json';
import { nextDue } from './due';
import { type Entry, listEntries } from './entries';
import { followTargets } from './follow-targets';
import { recordAlarms } from './record-alarms';
import { openSlotStates } from './slot-states';
import type { Contribution, Datapoint, DetectState, Judgement, Membership, Profiles } from './state';

/** The values that every judgement needs, whatever caused it. */
export interface Setting {
  readonly state: DetectState;
  /** When the datapoint is from, epoch ms: the receipt of a report, the time of an event, or now. */
  readonly at: number;
  readonly profiles: Profiles;
  /** Absent until the judgement turns out to depend on it (questions.ts). */
  readonly membership?: Membership | undefined;
  /** Names a new violation. The same arguments give the same id, so a repeated trigger repeats no alarm. */
  readonly nameViolation: (key: string, seed: string | number) => string;
}

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

export type OpenJudgement = ReturnType<typeof openJudgement>;

/** Collects what one datapoint, or the time, changes of a thing. */
export function openJudgement({ state, at, profiles, membership, nameViolation }: Setting) {
  const slots = openSlotStates(state);
  const targets = followTargets(state.outside, at, profiles, membership);
  const alarms = recordAlarms(slots, { at, nameViolation, recheck: targets.recheck });
  const counted: Record<string, number> = { ...state.counted };
  const contributions: Contribution[] = [];
  const datapoints: Datapoint[] = [];

  return {
    /** The behaviors that hold for the thing, or may. */
    monitored(): Entry[] {
      alarms.dropForgotten(profiles);
      return profiles.flatMap(([name, profile]) => {
        const entries = listEntries([[name, profile]]);
        const place = targets.place(name, profile);
        if (place === 'left') alarms.leave(entries);
        return place === 'inside' ? entries : [];
      });
    },

    before: slots.before,
    isKnown: slots.isKnown,
    isOpen: slots.isOpen,
    slots: slots.list,
    keep: slots.keep,
    dropOthers: slots.dropOthers,
    recordDatapoint: alarms.recordDatapoint,
    invalidate: alarms.invalidate,
    recheck: targets.recheck,

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

    /** The result. `changes`: of the state, beside the behaviors. `stamp`: recorded only if something changed. */
    conclude(changes: Changes = {}, stamp: Partial<DetectState> = {}): Draft {
      const { states: behaviors } = slots;
      const endedAt = slots.endedAt();
      const ended = endedAt > 0 && { endedAt };
      const next = changeState(state, { behaviors, ...ended, outside: targets.outside, counted, ...changes });
      const dueAt = nextDue(next, profiles, at);
      const timed = dueAt === undefined ? next : { ...next, dueAt };
      return {
        judgement: {
          // A table may return the keys of a map in another order.
          state: isEqual(timed, state) ? state : { ...timed, ...stamp },
          events: alarms.events,
          datapoints,
          contributions,
        },
        needsMembership: targets.needsMembership(),
      };
    },
  };
}

/** The state with what changed, and without the fields that then have nothing; when it is due is found anew. */
function changeState(state: DetectState, changes: Changes): DetectState {
  const { dueAt: _, agent, outside = {}, counted = {}, ...rest } = { ...state, ...changes };
  return {
    ...rest,
    ...(agent && { agent }),
    ...(Object.keys(outside).length > 0 && { outside }),
    ...(Object.keys(counted).length > 0 && { counted }),
  };
}
