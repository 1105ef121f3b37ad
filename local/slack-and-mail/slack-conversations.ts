import { jsonResponse } from '../aws/wire/local-routes';
import type { ApiResponse } from '../types';
import { type Arguments, missingScope, slackError } from './slack-answer';
import type { SlackChannel } from './slack-board';

const scopeOf = { public_channel: 'channels:read', private_channel: 'groups:read' } as const;
type Kind = keyof typeof scopeOf;

const kindOf = ({ state }: SlackChannel): Kind =>
  state === 'private' || state === 'hidden' ? 'private_channel' : 'public_channel';
const isMember = ({ state }: SlackChannel) => state !== 'left' && state !== 'hidden';

/** Slack's answers to an app about its channels. A private channel without the app is as one that does not exist. */
export function createConversations(list: () => readonly SlackChannel[], scopes: () => readonly string[]) {
  const hasScope = (scope: string) => scopes().includes(scope);
  const missing = (needed: readonly string[]) => missingScope(needed, scopes());
  return {
    /** conversations.info knows ids only. */
    info({ channel: id }: Arguments): ApiResponse {
      if (!hasScope(scopeOf.public_channel) && !hasScope(scopeOf.private_channel))
        return missing(Object.values(scopeOf));
      const found = list().find((channel) => channel.id === id && channel.state !== 'hidden');
      if (!found) return slackError('channel_not_found');
      const needed = scopeOf[kindOf(found)];
      return hasScope(needed) ? jsonResponse({ ok: true, channel: describe(found) }) : missing([needed]);
    },

    /** users.conversations: those that the app is in, page by page. */
    ofUser({ types = 'public_channel', limit = 100, cursor = '' }: Arguments): ApiResponse {
      const kinds = String(types).split(',');
      if (!kinds.every((kind): kind is Kind => Object.hasOwn(scopeOf, kind)))
        return slackError('invalid_types');
      const size = Number(limit);
      if (!(size >= 1 && size <= 999)) return slackError('invalid_limit');
      if (!/^\d*$/.test(String(cursor))) return slackError('invalid_cursor');
      const needed = kinds.map((kind) => scopeOf[kind]);
      if (!needed.every(hasScope)) return missing(needed);
      const found = list().filter((channel) => isMember(channel) && kinds.includes(kindOf(channel)));
      const end = Number(cursor) + size;
      return jsonResponse({
        ok: true,
        channels: found.slice(Number(cursor), end).map(describe),
        response_metadata: { next_cursor: end < found.length ? String(end) : '' },
      });
    },
  };
}

function describe(channel: SlackChannel) {
  const { id, name, state } = channel;
  return {
    id,
    name: state === 'renamed' ? `${name}-renamed` : name,
    is_private: kindOf(channel) === 'private_channel',
    is_member: isMember(channel),
    is_archived: state === 'archived',
  };
}
