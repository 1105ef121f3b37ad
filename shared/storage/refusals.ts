import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Refusal } from '../domain/case/reasons';
import { describeRefusal } from '../domain/messages/describe-reason';
import type { Refusals, RefusedCommand } from '../ports/storage';
import type { CaseOptions } from './cases';
import { indexAudit } from './index-audit';
import { connectItems, expireAt, hasExpired } from './items';
import { refusalKey } from './keys';

const keptMs = 86_400_000;

export function connectRefusals(
  tableName: string,
  client?: DynamoDBClient,
  { keepClosedMs = Infinity, clock = Date.now }: CaseOptions = {},
): Refusals {
  const { documents } = connectItems(tableName, client, clock);
  return {
    async record(refused) {
      const { thingName, requestId, refusal, now, act } = refused;
      const Item = {
        ...refusalKey(thingName, requestId),
        reason: describeRefusal(refusal),
        refusal,
        ...expireAt(now + (act ? Math.max(keptMs, keepClosedMs) : keptMs)),
        ...(act && indexRefused(refused, act)),
      };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
    },

    async read(thingName, requestId) {
      const Key = refusalKey(thingName, requestId);
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
      );
      if (!Item || hasExpired(Item, clock())) return undefined;
      // An earlier release wrote words alone.
      return (Item.refusal as Refusal | undefined) ?? { code: 'text', text: Item.reason as string };
    },
  };
}

/** For the audit, as a timeline would say it. */
function indexRefused(
  { thingName, refusal, now }: RefusedCommand,
  { command, actor, caseId }: NonNullable<RefusedCommand['act']>,
) {
  const event = { code: 'command-refused', command, refusal } as const;
  return {
    thingName,
    ...(caseId !== undefined && { caseId }),
    ...indexAudit([{ at: now, actor, event }]),
  };
}
