import type { Announcement } from '../../../../shared/domain/messages/announcement';
import type { SlackState, SlackTurn } from '../../../../shared/storage/slack-threads';
import { type Slack, SlackRefusalError } from './client';
import { writeReply, writeRootMessage } from './message';
import type { Paced } from './pace';

type Bot = Extract<Slack, { kind: 'bot' }>;
type Handle = Pick<SlackState, 'channel' | 'ts' | 'again'>;

/** How to show a case now. */
export interface Manner {
  readonly slack: Slack;
  readonly call: Paced;
  /** While many cases wait: the state of each, and no replies. */
  readonly brief: boolean;
  /** The channel that Slack took a root message for last. */
  readonly known: SlackTurn['channel'];
  /** Notes that a root message is about to be posted, once. */
  readonly willPost: () => Promise<void>;
  /** Tells of a message, thread or channel that is gone. */
  readonly lost: (reason: string) => void;
}

/** What Slack says where somebody deleted, archived or closed what a handle stands for. */
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
export async function show(newest: Announcement, state: SlackState, manner: Manner): Promise<Handle> {
  const { slack, call } = manner;
  if (slack.kind === 'webhook') {
    await call(() => slack.post(writeRootMessage(newest, slack.kind)));
    return { channel: '', ts: '' };
  }
  if (state.ts === '') return open(newest, state, slack, manner);
  try {
    return await carryOn(newest, state, slack, manner);
  } catch (error) {
    if (!(error instanceof SlackRefusalError) || !gone.has(error.reason)) throw error;
    manner.lost(error.reason);
    return open(newest, state, slack, manner);
  }
}

/** What may be repeated comes first, so that a failure in between repeats no reply. */
async function carryOn(
  newest: Announcement,
  { channel, ts, earlier, more, again }: SlackState,
  slack: Bot,
  { call, brief }: Manner,
): Promise<Handle> {
  await call(() => slack.update(writeRootMessage(newest, slack.kind, again), { channel, ts }));
  // The thread stays in its channel, whatever cordon.yml names by now.
  if (!brief) await call(() => slack.post(writeReply(newest, earlier, more), { channel, threadTs: ts }));
  return { channel, ts, ...(again && { again }) };
}

/**
 * Slack takes no key that would make a repeated post one: where a run ended between the post and the note of it, there
 * are two messages, and the one that is known says so of the other.
 */
async function open(
  newest: Announcement,
  { posting, again = posting }: SlackState,
  slack: Bot,
  { call, known, lost, willPost }: Manner,
): Promise<Handle> {
  const message = writeRootMessage(newest, slack.kind, again);
  const post = async (place?: { readonly channel: string }): Promise<Handle> => {
    const posted = await call(async () => {
      await willPost();
      return slack.post(message, place);
    });
    return { ...posted, ...(again && { again }) };
  };
  try {
    return await post();
  } catch (error) {
    const isRenamed = error instanceof SlackRefusalError && error.reason === 'channel_not_found';
    // Its id outlives a channel's name.
    if (!isRenamed || known?.name !== slack.channel) throw error;
    lost(`${slack.channel} is no channel's name any more: posted to ${known.id}`);
    return post({ channel: known.id });
  }
}
