import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Announcement } from '../domain/messages/announcement';
import type { Versioned } from '../ports';
import { connectItems, expireAt, slackKey } from './items';

/** What Slack shows of a case, and what it has yet to show. */
export interface SlackState {
  readonly channel: string;
  /** Timestamp id of the root message, empty while there is none. */
  readonly ts: string;
  readonly lastSeq: number;
  /** Has yet to be shown. What is older is never shown as the state of the case. */
  readonly newest?: Announcement;
  /** Set before a root message is posted, gone once it is noted: if it is found, there may be a message nobody knows of. */
  readonly posting?: true;
  /** There may be an earlier root message, which never changes: the one of `ts` says so. */
  readonly again?: true;
  /** Older than `newest` and not shown either, oldest first. */
  readonly earlier?: readonly Superseded[];
  /** How many more of them there were. */
  readonly more?: number;
  /** Since when something waits, epoch ms. */
  readonly since?: number;
  readonly attempts?: number;
  /** When it is to be shown, epoch ms. */
  readonly dueAt?: number;
  /** Its case is closed, and this is kept until then, epoch ms: as respond dated it. */
  readonly keptUntil?: number;
  /** Slack shows the case as closed, since then, epoch ms: what respond could not date, as it was not there yet. */
  readonly closedAt?: number;
}

export type Superseded = Pick<Announcement, 'seq' | 'kind' | 'text'>;

/** Who may send to Slack now: one at a time, since Slack counts per channel. */
export interface SlackTurn {
  /** Epoch ms; 0 while nobody sends. */
  readonly until: number;
  /** Cases that others stored meanwhile. */
  readonly asked: readonly string[];
  /** When people were told last that many cases changed at once. */
  readonly summarizedAt?: number;
  /** The channel as `cordon.yml` names it, and the id under which Slack took a message for it last. */
  readonly channel?: { readonly name: string; readonly id: string };
}

export interface SlackStates {
  load(caseId: string): Promise<Versioned<SlackState> | undefined>;
  /** Throws VersionConflictError when the stored version isn't `previous` (0 = nothing stored). Returns the new version. */
  save(caseId: string, state: SlackState, previous: number): Promise<number>;
  /** Cases with something to show, those first that wait longest. May lag behind `save` for a moment. */
  listDue(now: number, limit: number): Promise<string[]>;
  loadTurn(): Promise<Versioned<SlackTurn> | undefined>;
  saveTurn(turn: SlackTurn, previous: number): Promise<number>;
}

const turnKey = { pk: 'SLACK', sk: 'TURN' };
const dueKey = 'SLACK#0';
const prefix = 'CASE#';

export function connectSlackStates(
  tableName: string,
  client?: DynamoDBClient,
  keepClosedMs = Infinity,
): SlackStates {
  const { documents, load, save } = connectItems(tableName, client);
  return {
    load: (caseId) => load<SlackState>(slackKey(caseId)),

    save: (caseId, state, previous) =>
      save(
        slackKey(caseId),
        state,
        previous,
        state.dueAt === undefined
          ? expireAt(state.keptUntil ?? (state.closedAt ?? Infinity) + keepClosedMs)
          : { dueKey, dueAt: state.dueAt },
      ),

    async listDue(now, limit) {
      const { Items = [] } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'byDue',
          KeyConditionExpression: 'dueKey = :slack AND dueAt <= :now',
          ExpressionAttributeValues: { ':slack': dueKey, ':now': now },
          Limit: limit,
        }),
      );
      return Items.map(({ pk }) => String(pk).slice(prefix.length));
    },

    loadTurn: () => load<SlackTurn>(turnKey),
    saveTurn: (turn, previous) => save(turnKey, turn, previous),
  };
}
