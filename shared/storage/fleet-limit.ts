import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { VersionConflictError } from '../errors';
import type { FleetLimit, FleetSize, Reservation } from '../ports/storage';
import { escapeKey } from './any-keys';
import { connectItems } from './items';

const sizeKey = { pk: 'LIMIT#fleet', sk: 'SIZE' };

function limitKey(sk: 'WINDOW' | 'TOLD' | 'REJECTED', sender?: string) {
  return { pk: sender === undefined ? 'LIMIT#fleet' : `LIMIT#sender#${sender}`, sk };
}

/** Above this number, expired places are removed, because all places are one item. */
const maxUnread = 100;

export function connectFleetLimit(tableName: string, client?: DynamoDBClient): FleetLimit {
  const { documents, load, save } = connectItems(tableName, client);

  return {
    reserve,

    async reserveNotice({ caseId, now, windowMs, of, sender }) {
      const Key = limitKey(of ? 'REJECTED' : 'TOLD', sender);
      try {
        await documents.send(
          new UpdateCommand({
            TableName: tableName,
            Key,
            UpdateExpression: 'SET caseId = :case, toldAt = :now',
            ConditionExpression: 'attribute_not_exists(pk) OR toldAt <= :over',
            ExpressionAttributeValues: { ':case': caseId, ':now': now, ':over': now - windowMs },
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const { Item } = await documents.send(
          new GetCommand({ TableName: tableName, Key, ConsistentRead: true }),
        );
        return Item?.caseId === caseId;
      }
    },

    async countUsed(now, windowMs) {
      const places = (await load<Record<string, number>>(limitKey('WINDOW')))?.value ?? {};
      return Object.values(places).filter((at) => now - at < windowMs).length;
    },

    async readSize() {
      return (await load<FleetSize>(sizeKey))?.value;
    },

    async saveSize(value) {
      await documents.send(new PutCommand({ TableName: tableName, Item: { ...sizeKey, value, version: 1 } }));
    },
  };

  /**
   * Takes a place without reading the others, while fewer are recorded than the limit allows. Expired places only make this
   * stricter. So concurrent containments do not conflict.
   */
  async function reserveUnread({ thingName, now, limit, sender }: Reservation): Promise<boolean> {
    try {
      await documents.send(
        new UpdateCommand({
          TableName: tableName,
          Key: limitKey('WINDOW', sender),
          UpdateExpression: 'SET #value.#thing = :now ADD version :one',
          ConditionExpression: 'size(#value) < :most',
          ExpressionAttributeNames: { '#value': 'value', '#thing': escapeKey(thingName) },
          ExpressionAttributeValues: { ':now': now, ':one': 1, ':most': Math.min(limit, maxUnread) },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async function reserve(reservation: Reservation): Promise<boolean> {
    if (await reserveUnread(reservation)) return true;
    const { thingName, now, limit, windowMs, sender } = reservation;
    const windowKey = limitKey('WINDOW', sender);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const stored = await load<Record<string, number>>(windowKey);
      const places = Object.fromEntries(
        Object.entries(stored?.value ?? {}).filter(([, at]) => now - at < windowMs),
      );
      if (Object.hasOwn(places, thingName)) return true;
      if (Object.keys(places).length >= limit) return false;
      try {
        await save(windowKey, { ...places, [thingName]: now }, stored?.version ?? 0);
        return true;
      } catch (error) {
        // Another thing took a place at the same time: read again.
        if (!(error instanceof VersionConflictError)) throw error;
      }
    }
    throw new VersionConflictError(windowKey.pk);
  }
}
