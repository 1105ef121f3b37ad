import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import type { ChannelState } from '../../../../shared/storage/channel-states';
import { type Channel, ChannelRefusalError, type Manner } from '../../delivery/channel';
import type { Slack } from './client';
import { writeReply, writeRootMessage, writeSummary } from './message';

type Bot = Extract<Slack, { kind: 'bot' }>;
type State = ChannelState<SlackPlace>;
type ShowManner = Manner<SlackMemory>;

/** The root message of a case. */
export interface SlackPlace {
  readonly channel: string;
  /** Timestamp id of the root message, empty while there is none. */
  readonly ts: string;
  /** There may be an earlier root message, which is never updated; the message `ts` mentions it. */
  readonly again?: true;
}

export interface SlackMemory {
  /** The channel as `cordon.yml` names it, and the id under which Slack took a message for it last. */
  readonly channel?: { readonly name: string; readonly id: string };
}

export const nowhere: SlackPlace = { channel: '', ts: '' };

/** Slack, to which all cases are shown that way. */
export function createSlackChannel(slack: Slack): Channel<SlackPlace, SlackMemory> {
  return {
    async show(newest, state, manner) {
      const place = await show(newest, state, slack, manner);
      if (slack.kind === 'webhook') return { place };
      return { place, memory: { channel: { name: slack.channel, id: place.channel } } };
    },
    async summarize(named, count) {
      await slack.post(writeSummary(named, count));
    },
  };
}

/** Slack's errors after somebody deleted, archived or closed the message or channel of a handle. */
const gone: ReadonlySet<string> = new Set([
  'message_not_found',
  'thread_not_found',
  'channel_not_found',
  'is_archived',
  'not_in_channel',
  'cant_update_message',
  'edit_window_closed',
  'cannot_reply_to_message',
  'thread_locked',
  'restricted_action_thread_locked',
]);

/** Shows the newest state of a case, and gives where: one thread per case, its root message always the newest state. */
async function show(
  newest: Announcement,
  state: State,
  slack: Slack,
  manner: ShowManner,
): Promise<SlackPlace> {
  const { call } = manner;
  if (slack.kind === 'webhook') {
    // A webhook can't change its messages.
    if (!isUpdate(newest, state)) await call(() => slack.post(writeRootMessage(newest, slack.kind)));
    return nowhere;
  }
  if (state.place.ts === '') return open(newest, state, slack, manner);
  try {
    return await carryOn(newest, state, slack, manner);
  } catch (error) {
    if (!(error instanceof ChannelRefusalError) || !gone.has(error.reason)) throw error;
    manner.lost(error.reason);
    return open(newest, state, slack, manner);
  }
}

/** Whether there are only newer numbers of what is shown, and no news for people. */
function isUpdate({ update = false }: Announcement, { lastSeq, earlier = [] }: State): boolean {
  return update && lastSeq > 0 && earlier.length === 0;
}

/** Repeatable calls come first, so that a failure in between repeats no reply. */
async function carryOn(
  newest: Announcement,
  state: State,
  slack: Bot,
  { call, brief }: ShowManner,
): Promise<SlackPlace> {
  const { place, earlier, more } = state;
  const { channel, ts, again } = place;
  await call(() => slack.update(writeRootMessage(newest, slack.kind, again), { channel, ts }));
  // The thread stays in its channel, even if cordon.yml names another one now.
  if (!brief && !isUpdate(newest, state))
    await call(() =>
      slack.post(writeReply(newest, earlier, more), {
        channel,
        threadTs: ts,
        // A person who does not follow the thread sees a reply only in the channel.
        inChannel: newest.reminder !== undefined,
      }),
    );
  return place;
}

/**
 * Slack accepts no idempotency key. Where a run ended between a post and its record, there are two messages, and the
 * recorded one mentions the other.
 */
async function open(
  newest: Announcement,
  { posting, place: { again = posting } }: State,
  slack: Bot,
  { call, memory: { channel: known }, lost, willPost }: ShowManner,
): Promise<SlackPlace> {
  const message = writeRootMessage(newest, slack.kind, again);
  const post = async (place?: { readonly channel: string }): Promise<SlackPlace> => {
    const posted = await call(async () => {
      await willPost();
      return slack.post(message, place);
    });
    return { ...posted, ...(again && { again }) };
  };
  try {
    return await post();
  } catch (error) {
    const isRenamed = error instanceof ChannelRefusalError && error.reason === 'channel_not_found';
    // Its id outlives a channel's name.
    if (!isRenamed || known?.name !== slack.channel) throw error;
    lost(`${slack.channel} is no longer the name of a channel: posted to ${known.id}`);
    return post({ channel: known.id });
  }
}
