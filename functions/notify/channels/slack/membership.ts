import type { ServiceAnswer } from '../descriptor';

type Call = (method: string, body?: Readonly<Record<string, string>>) => Promise<ServiceAnswer>;

type Membership =
  | { readonly is: 'member' | 'archived' | 'outside' }
  | { readonly is: 'untold'; readonly reason: string };

interface Conversation {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly is_member?: unknown;
  readonly is_archived?: unknown;
}

/** Names of channels are looked for in so many pages of a thousand. */
const mostPages = 20;

/** Whether the app is in the channel, as far as its scopes let Slack say. Posts nothing. */
export async function findMembership(channel: string, call: Call): Promise<Membership> {
  if (channel.startsWith('@') || /^[UWD][A-Z0-9]{6,}$/.test(channel))
    return { is: 'untold', reason: 'it is a person, not a channel' };
  return /^[CG][A-Z0-9]{6,}$/.test(channel) ? askById(channel, call) : askByName(channel, call);
}

async function askById(channel: string, call: Call): Promise<Membership> {
  const answer = await call('conversations.info', { channel });
  if (answer.ok) return judge((answer.channel ?? {}) as Conversation);
  // A private channel that the app is not in does not exist for it.
  return answer.error === 'channel_not_found' ? { is: 'outside' } : describeRefusal(answer);
}

/** Slack gives the names of channels only in the list of those that the app is in. */
async function askByName(channel: string, call: Call): Promise<Membership> {
  const name = channel.replace(/^#/, '');
  let types = ['public_channel', 'private_channel'];
  let cursor = '';
  for (let page = 0; page < mostPages; page += 1) {
    const body = { types: types.join(','), limit: '999', ...(cursor && { cursor }) };
    const answer = await call('users.conversations', body);
    if (answer.error === 'missing_scope' && types.length > 1 && hasScope(answer, 'channels:read')) {
      types = ['public_channel'];
      continue;
    }
    if (!answer.ok) return describeRefusal(answer);
    const channels = Array.isArray(answer.channels) ? (answer.channels as readonly Conversation[]) : [];
    const found = channels.find((one) => one.name === name);
    if (found) return judge({ is_member: true, ...found });
    cursor = readCursor(answer);
    if (!cursor)
      return types.length > 1
        ? { is: 'outside' }
        : {
            is: 'untold',
            reason: 'no public channel of the app has this name, and private ones need groups:read',
          };
  }
  return { is: 'untold', reason: 'the app is in too many channels; name it by its id' };
}

function judge({ is_archived: isArchived, is_member: isMember }: Conversation): Membership {
  if (isArchived === true) return { is: 'archived' };
  return { is: isMember === true ? 'member' : 'outside' };
}

function describeRefusal(answer: ServiceAnswer): Membership {
  const needed = typeof answer.needed === 'string' ? ` (${answer.needed})` : '';
  return { is: 'untold', reason: `Slack answers ${answer.error ?? 'nothing'}${needed}` };
}

function hasScope({ provided }: ServiceAnswer, scope: string): boolean {
  return typeof provided === 'string' && provided.split(',').includes(scope);
}

function readCursor({ response_metadata: metadata }: ServiceAnswer): string {
  const next = (metadata as { readonly next_cursor?: unknown } | undefined)?.next_cursor;
  return typeof next === 'string' ? next : '';
}
