import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Announcement } from '../domain/messages/announcement-schema';
import type { Versioned } from '../ports/storage';
import { connectItems, expireAt } from './items';
import { channelKey } from './keys';

/** What a channel shows of a case, and what is pending. */
export interface ChannelState<Place = object> {
  /** Where the channel shows the case, in the channel's own terms. */
  readonly place: Place;
  readonly lastSeq: number;
  /** The pending state. An older one is never shown as the state of the case. */
  readonly newest?: Announcement;
  /** Set before a case is first shown, and removed once that is recorded. If it is still set, there may be an unrecorded message. */
  readonly posting?: true;
  /** Older pending states, oldest first. */
  readonly earlier?: readonly Superseded[];
  /** How many more of them there were. */
  readonly more?: number;
  /** When the pending state was stored, epoch ms. */
  readonly since?: number;
  readonly attempts?: number;
  /** The state that the service refused, of which a copy is among the rejected messages. */
  readonly refusedSeq?: number;
  /** When it is to be shown, epoch ms. */
  readonly dueAt?: number;
  /** Expiry that respond set when the case was closed, epoch ms. */
  readonly keptUntil?: number;
  /**
   * Since when the channel shows the case as closed, epoch ms. respond could not set an expiry, because this state did
   * not exist yet.
   */
  readonly closedAt?: number;
}

export type Superseded = Pick<Announcement, 'seq' | 'kind' | 'text'>;

/** The turn to send to a channel: one sender at a time, because services limit the rate of each channel. */
export interface ChannelTurn<Memory = object> {
  /** Epoch ms; 0 while nobody sends. */
  readonly until: number;
  /** Cases that other runs stored meanwhile. */
  readonly asked: readonly string[];
  /** When the last summary of many changed cases was sent. */
  readonly summarizedAt?: number;
  /** The service takes nothing until then, epoch ms. */
  readonly busyUntil?: number;
  /** What the channel remembers beyond a case. */
  readonly memory: Memory;
}

export interface ChannelStates<Place = object, Memory = object> {
  load(caseId: string): Promise<Versioned<ChannelState<Place>> | undefined>;
  /** Throws VersionConflictError when the stored version isn't `previous` (0 = nothing stored). Returns the new version. */
  save(caseId: string, state: ChannelState<Place>, previous: number): Promise<number>;
  /** Cases with a pending state, longest waiting first. May lag behind `save` for a moment. */
  listDue(now: number, limit: number): Promise<string[]>;
  loadTurn(): Promise<Versioned<ChannelTurn<Memory>> | undefined>;
  saveTurn(turn: ChannelTurn<Memory>, previous: number): Promise<number>;
}

interface ChannelTable {
  /** The name of the channel, in lower case. */
  readonly name: string;
  readonly tableName: string;
  readonly client?: DynamoDBClient;
  readonly keepClosedMs?: number;
}

const casePrefix = 'CASE#';

/** The states of one channel. Each channel has items of its own. */
export function connectChannelStates<Place extends object, Memory extends object>({
  name,
  tableName,
  client,
  keepClosedMs = Infinity,
}: ChannelTable): ChannelStates<Place, Memory> {
  const { documents, load, save } = connectItems(tableName, client);
  const key = name.toUpperCase();
  const turnKey = { pk: key, sk: 'TURN' };
  const dueKey = `${key}#0`;
  return {
    async load(caseId) {
      const stored = await load<ChannelItem>(channelKey(name, caseId));
      return stored && { ...stored, value: readState<Place>(stored.value) };
    },

    save: (caseId, { place, ...state }, previous) =>
      save(
        channelKey(name, caseId),
        { ...place, ...state },
        previous,
        state.dueAt === undefined
          ? expireAt(state.keptUntil ?? (state.closedAt ?? Infinity) + keepClosedMs)
          : { dueKey, dueAt: state.dueAt, ...expireAt(state.keptUntil) },
      ),

    async listDue(now, limit) {
      const { Items = [] } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'byDue',
          KeyConditionExpression: 'dueKey = :channel AND dueAt <= :now',
          ExpressionAttributeValues: { ':channel': dueKey, ':now': now },
          Limit: limit,
        }),
      );
      return Items.map(({ pk }) => String(pk).slice(casePrefix.length));
    },

    async loadTurn() {
      const stored = await load<TurnItem>(turnKey);
      return stored && { ...stored, value: readTurn<Memory>(stored.value) };
    },

    saveTurn: ({ memory, ...turn }, previous) => save(turnKey, { ...memory, ...turn }, previous),
  };
}

/** The fields of a place are stored beside the others, as they always were for Slack. */
type ChannelItem = Omit<ChannelState, 'place'>;
type TurnItem = Omit<ChannelTurn, 'memory'>;

function readState<Place>(item: ChannelItem): ChannelState<Place> {
  const {
    lastSeq,
    newest,
    posting,
    earlier,
    more,
    since,
    attempts,
    refusedSeq,
    dueAt,
    keptUntil,
    closedAt,
    ...place
  } = item;
  return {
    place: place as Place,
    lastSeq,
    ...(newest && { newest }),
    ...(posting && { posting }),
    ...(earlier && { earlier }),
    ...(more !== undefined && { more }),
    ...(since !== undefined && { since }),
    ...(attempts !== undefined && { attempts }),
    ...(refusedSeq !== undefined && { refusedSeq }),
    ...(dueAt !== undefined && { dueAt }),
    ...(keptUntil !== undefined && { keptUntil }),
    ...(closedAt !== undefined && { closedAt }),
  };
}

function readTurn<Memory>({
  until,
  asked,
  summarizedAt,
  busyUntil,
  ...memory
}: TurnItem): ChannelTurn<Memory> {
  return {
    ...{ until, asked },
    ...(summarizedAt !== undefined && { summarizedAt }),
    ...(busyUntil !== undefined && { busyUntil }),
    memory: memory as Memory,
  };
}
