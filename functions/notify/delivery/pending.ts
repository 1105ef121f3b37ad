import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import type { ChannelState, ChannelStates, Superseded } from '../../../shared/storage/channel-states';
import { untilUndisturbed } from '../../../shared/undisturbed';

/** Superseded steps that the channel still lists, for a case that changes faster than the channel accepts messages. */
const maxEarlier = 5;

interface PendingPorts {
  readonly states: Pick<ChannelStates, 'load' | 'save'>;
  /** The place of a case that the channel has not shown yet. */
  readonly nowhere: object;
}

/** Changes the stored state of a case, and retries if another run did so at the same time. */
export async function change(
  { states, nowhere }: PendingPorts,
  caseId: string,
  next: (state: ChannelState) => ChannelState | undefined,
): Promise<boolean> {
  return untilUndisturbed(11, async () => {
    const stored = await states.load(caseId);
    const changed = next(stored?.value ?? { place: nowhere, lastSeq: 0 });
    if (changed) await states.save(caseId, changed, stored?.version ?? 0);
    return changed !== undefined;
  });
}

/** The state with an announcement to show; undefined if it, or newer news, is known. */
export function add(state: ChannelState, announcement: Announcement, now: number): ChannelState | undefined {
  const { newest, lastSeq, earlier = [], more = 0 } = state;
  const { seq } = announcement;
  if (seq <= lastSeq || seq === newest?.seq || earlier.some((one) => one.seq === seq)) return undefined;
  const isNewest = !newest || seq > newest.seq;
  const older = isNewest ? newest : announcement;
  // Newer numbers need not be listed once there are still newer ones.
  const superseded = (older && !older.update ? [...earlier, pick(older)] : [...earlier]).toSorted(
    (a, b) => a.seq - b.seq,
  );
  return {
    ...state,
    newest: isNewest ? announcement : newest,
    earlier: superseded.slice(-maxEarlier),
    more: more + Math.max(0, superseded.length - maxEarlier),
    since: state.since ?? now,
    attempts: 0,
    dueAt: Math.min(state.dueAt ?? now, now),
  };
}

/** Records that `seq` is shown there; newer announcements stay pending. */
export function settle(state: ChannelState, seq: number, place: object): ChannelState {
  const { newest, keptUntil } = state;
  if (!newest || newest.seq <= seq)
    return {
      ...{ place, lastSeq: seq },
      ...(keptUntil !== undefined && { keptUntil }),
      // A digest is shown once.
      ...((newest?.status === 'closed' || newest?.kind === 'digest') && { closedAt: newest.at }),
    };
  const { more: _, posting: _posting, earlier = [], ...rest } = state;
  return { ...rest, place, lastSeq: seq, earlier: earlier.filter((one) => one.seq > seq) };
}

export function forgetPosting({ posting: _posting, ...state }: ChannelState): ChannelState {
  return state;
}

function pick({ seq, kind, text }: Announcement): Superseded {
  return { seq, kind, text };
}

const firstRetryMs = 15_000;
const lastRetryMs = 5 * 60_000;

/** Schedules another attempt, with growing delays and without end. */
export function putOff(state: ChannelState, now: number): ChannelState {
  const attempts = (state.attempts ?? 0) + 1;
  return { ...state, attempts, dueAt: now + Math.min(lastRetryMs, firstRetryMs * 2 ** (attempts - 1)) };
}
