import { createHash, timingSafeEqual } from 'node:crypto';
import { parseJsonObject } from '../aws/wire/json';
import { jsonResponse, type LocalRequest, type LocalRoutes } from '../aws/wire/local-routes';
import type { ApiResponse } from '../types';
import { type Arguments, missingScope, slackError } from './slack-answer';
import type { SlackContent, SlackMessage } from './slack-blocks';
import { type ChannelState, channelIdOf, createSlackBoard } from './slack-board';
import { createSlackButtons } from './slack-buttons';
import { createConversations } from './slack-conversations';
import { findBlockProblems, maximumTextLength } from './slack-limits';
import { createSlackPace } from './slack-pace';

export interface Slack {
  readonly routes: LocalRoutes;
  messages(): readonly SlackMessage[];
  /** The next `calls` calls are answered 429 with this Retry-After. */
  setRateLimit(limit: { readonly calls: number; readonly retryAfterSeconds: number }): void;
  /** Keeps Slack's real pace from now on, or no longer. */
  keepPace(keeps: boolean): void;
  /** Deletes a message as a person does in Slack; false if there is none. */
  deleteMessage(ts: string): boolean;
  /** Archives a channel, renames it (then it has its id alone), or removes the app from it, as a person does. */
  setChannel(name: string, state: ChannelState): void;
  /** What the token may do from now on; by default, all that Cordon's pages ask for. */
  setScopes(scopes: readonly string[]): void;
}

export interface SlackOptions {
  readonly token: string;
  readonly signingSecret: string;
  /** Where the buttons of messages are sent, and where the answers to them are taken. */
  readonly interactionsUrl: () => string | undefined;
  readonly gatewayUrl: () => string;
  readonly now?: () => number;
}

type Outcome =
  | { readonly error: string; readonly problems?: readonly string[] }
  | { readonly content: SlackContent };

/** Emulates Slack's Web API (`/_slack/api/`) and an incoming webhook (`/_slack/webhook/`), and keeps what is posted. */
export function createSlack(options: SlackOptions): Slack {
  const now = options.now ?? Date.now;
  let rateLimit = { calls: 0, retryAfterSeconds: 1 };
  const pace = createSlackPace(now);
  const board = createSlackBoard(now);
  const conversations = createConversations(board.channels, () => scopes);
  let scopes: readonly string[] = ['chat:write', 'channels:read', 'groups:read'];

  function postMessage(args: Arguments): ApiResponse {
    const channel = args.channel;
    if (typeof channel !== 'string' || !/^(#[\w.-]{1,80}|[\w.-]{1,80})$/.test(channel)) {
      return slackError('channel_not_found');
    }
    const channelId = channelIdOf(channel);
    if (board.isRenamed(channelId) && channel !== channelId) return slackError('channel_not_found');
    if (board.isArchived(channelId)) return slackError('is_archived');
    if (board.stateOf(channelId) === 'hidden') return slackError('channel_not_found');
    if (board.stateOf(channelId) === 'left' && !scopes.includes('chat:write.public'))
      return slackError('not_in_channel');
    if (args.thread_ts !== undefined && !board.messages().some(({ ts }) => ts === args.thread_ts))
      return slackError('thread_not_found');
    const outcome = readContent(args);
    if ('error' in outcome) return slackError(outcome.error, outcome.problems);
    const wait = pace.post(channelId);
    if (wait > 0) return tooMany(wait);
    const threadTs = typeof args.thread_ts === 'string' ? args.thread_ts : undefined;
    return describe(board.post(channel, outcome.content, { threadTs }));
  }

  function updateMessage(args: Arguments): ApiResponse {
    // Unlike chat.postMessage, chat.update takes no channel name (Slack: "channel_not_found").
    if (!board.isUsed(String(args.channel))) return slackError('channel_not_found');
    const message = board
      .messages()
      .find(({ channelId, ts }) => channelId === args.channel && ts === args.ts);
    if (!message) return slackError('message_not_found');
    if (board.isArchived(message.channelId)) return slackError('is_archived');
    const outcome = readContent(args);
    if ('error' in outcome) return slackError(outcome.error, outcome.problems);
    const wait = pace.update();
    if (wait > 0) return tooMany(wait);
    return describe(board.update(message, outcome.content));
  }

  function limited(): ApiResponse | undefined {
    if (rateLimit.calls <= 0) return undefined;
    rateLimit = { ...rateLimit, calls: rateLimit.calls - 1 };
    return tooMany(rateLimit.retryAfterSeconds);
  }

  const method = (call: (args: Arguments) => ApiResponse, needed?: string) => (request: LocalRequest) => {
    const limit = limited();
    if (limit) return limit;
    const args = readArguments(request);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? args.token;
    if (typeof token !== 'string') return slackError('not_authed');
    if (!sameToken(token, options.token)) return slackError('invalid_auth');
    const response =
      needed === undefined || scopes.includes(needed) ? call(args) : missingScope([needed], scopes);
    return { ...response, headers: { ...response.headers, 'x-oauth-scopes': scopes.join(',') } };
  };

  return {
    messages: board.messages,
    setRateLimit(limit) {
      rateLimit = { ...limit };
    },
    keepPace: pace.keep,
    deleteMessage: board.delete,
    setChannel: board.setChannel,
    setScopes(given) {
      scopes = [...given];
    },
    routes: {
      ...createSlackButtons({
        ...options,
        now,
        messages: board.messages,
        whisper: ({ channel, ts, threadTs }, text) =>
          void board.post(channel, { text, blocks: [] }, { threadTs: threadTs ?? ts, ephemeral: true }),
      }),
      'POST /_slack/api/auth.test': method(() => jsonResponse({ ok: true, team: 'local', user: 'cordon' })),
      'POST /_slack/api/chat.postMessage': method(postMessage, 'chat:write'),
      'POST /_slack/api/chat.update': method(updateMessage, 'chat:write'),
      'POST /_slack/api/conversations.info': method(conversations.info),
      'POST /_slack/api/users.conversations': method(conversations.ofUser),
      'POST /_slack/api/*': () => slackError('unknown_method'),
      'POST /_slack/webhook/*': (request) => {
        const limit = limited();
        if (limit) return limit;
        const outcome = readContent(readArguments(request));
        const wait = pace.post('webhook');
        if (wait > 0) return tooMany(wait);
        if ('error' in outcome)
          return plain(400, outcome.error === 'no_text' ? 'no_text' : 'invalid_payload');
        board.post('webhook', outcome.content);
        return plain(200, 'ok');
      },
    },
  };
}

function readContent({ text = '', blocks = [] }: Arguments): Outcome {
  const list: unknown = typeof blocks === 'string' ? parseOr(blocks) : blocks;
  if (typeof text !== 'string' || !Array.isArray(list)) return { error: 'invalid_blocks_format' };
  if (text.length > maximumTextLength) return { error: 'msg_too_long' };
  const problems = findBlockProblems(list);
  if (problems.length > 0) return { error: 'invalid_blocks', problems };
  return text === '' && list.length === 0 ? { error: 'no_text' } : { content: { text, blocks: list } };
}

/** Slack's client sends forms, in which structures are JSON texts; webhooks and other clients send JSON. */
function readArguments({ headers, body }: LocalRequest): Arguments {
  if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return parseJsonObject(body) ?? {};
  }
  const form = Object.fromEntries(new URLSearchParams(body.toString()));
  return form.payload === undefined ? form : (parseJsonObject(form.payload) ?? {});
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe({ channelId, ts, text, blocks, threadTs }: SlackMessage): ApiResponse {
  const message = {
    type: 'message',
    text,
    blocks,
    ts,
    ...(threadTs !== undefined && { thread_ts: threadTs }),
  };
  return jsonResponse({ ok: true, channel: channelId, ts, text, message });
}

function tooMany(retryAfterSeconds: number): ApiResponse {
  const response = jsonResponse({ ok: false, error: 'ratelimited' }, 429);
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}

function sameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function plain(status: number, body: string): ApiResponse {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}
