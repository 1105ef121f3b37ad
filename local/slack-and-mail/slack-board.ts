import { createHash } from 'node:crypto';
import type { SlackContent, SlackMessage } from './slack-blocks';

/** `left`: public, and the app is not in it; `private`: the app is in it; `hidden`: private without the app. */
export const channelStates = ['active', 'archived', 'renamed', 'left', 'private', 'hidden'] as const;
export type ChannelState = (typeof channelStates)[number];

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly state: ChannelState;
}

const keptMessages = 2_000;

/** One id per channel name, and an id stands for itself, as in Slack. */
export function channelIdOf(channel: string): string {
  if (/^[CDG][A-Z0-9]{8,}$/.test(channel)) return channel;
  return `C${createHash('sha256').update(channel.replace(/^#/, '')).digest('hex').slice(0, 10).toUpperCase()}`;
}

interface Placement {
  readonly threadTs?: string | undefined;
  readonly ephemeral?: true;
}

/** The messages and channels that Slack has. */
export function createSlackBoard(now: () => number) {
  const messages: SlackMessage[] = [];
  let posted = 0;
  const channels = new Map<string, SlackChannel>();
  const used = new Set<string>();
  const meet = (channel: string, state?: ChannelState) => {
    const id = channelIdOf(channel);
    const known = channels.get(id) ?? { id, name: channel.replace(/^#/, ''), state: 'active' as const };
    channels.set(id, { ...known, ...(state && { state }) });
  };
  // The channel of the cordon.yml that comes with Cordon.
  meet('#iot-security');
  return {
    messages: (): readonly SlackMessage[] => messages,
    /** Whether anything was ever posted to the channel. */
    isUsed: (channelId: string) => used.has(channelId),
    channels: (): readonly SlackChannel[] => [...channels.values()],
    stateOf: (channelId: string) => channels.get(channelId)?.state,
    isArchived: (channelId: string) => channels.get(channelId)?.state === 'archived',
    isRenamed: (channelId: string) => channels.get(channelId)?.state === 'renamed',

    post(channel: string, content: SlackContent, { threadTs, ephemeral }: Placement = {}): SlackMessage {
      const at = now();
      posted += 1;
      const message: SlackMessage = {
        ...content,
        channel,
        channelId: channelIdOf(channel),
        // Slack's ts is the message's id within its channel: seconds and a counter.
        ts: `${Math.floor(at / 1000)}.${String(posted).padStart(6, '0')}`,
        ...(threadTs !== undefined && { threadTs }),
        ...(ephemeral && { ephemeral }),
        updates: [],
        at,
      };
      messages.push(message);
      used.add(message.channelId);
      meet(channel);
      if (messages.length > keptMessages) messages.shift();
      return message;
    },

    update(message: SlackMessage, content: SlackContent): SlackMessage {
      const { text, blocks } = message;
      const updated = { ...message, ...content, updates: [...message.updates, { text, blocks, at: now() }] };
      messages[messages.indexOf(message)] = updated;
      return updated;
    },

    /** False if there is no such message. */
    delete(ts: string): boolean {
      const index = messages.findIndex((message) => message.ts === ts);
      if (index >= 0) messages.splice(index, 1);
      return index >= 0;
    },

    setChannel(name: string, state: ChannelState): void {
      meet(name, state);
    },
  };
}
