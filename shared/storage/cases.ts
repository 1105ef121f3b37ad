import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../domain/case/case';
import { dateKeeping, findMemoryEnd } from '../domain/case/keeping';
import { retryMs } from '../domain/case/lifecycle';
import { findDueKind } from '../domain/case/timers';
import { hasUnfinished } from '../domain/decide/decide';
import { outlineCase } from '../domain/lists/outline';
import { describeEntry } from '../domain/messages/describe-event';
import type { Clock } from '../ports/runtime';
import type { CaseStore } from '../ports/storage';
import { hashRow } from '../timeline';
import { type CaseItem, readCase, writeCase } from './case-item';
import { connectExpiry } from './expiry';
import { indexAudit } from './index-audit';
import { connectItems, expireAt, findingsSchema } from './items';
import { caseKey, closedKey, shardOf, writeTime } from './keys';

export interface CaseOptions {
  /** How long a closed case is kept. Only functions that close cases need it. */
  readonly keepClosedMs?: number;
  readonly clock?: Clock;
}

const raiseSchema = ({ violations }: Case) =>
  Object.values(violations).some(({ kind }) => kind !== undefined) && { schema: findingsSchema };

export function connectCases(
  tableName: string,
  client?: DynamoDBClient,
  { keepClosedMs = Infinity, clock = Date.now }: CaseOptions = {},
): CaseStore {
  const { documents, loadItem, save, listDue } = connectItems(tableName, client, clock);
  const { dateHistory, dateEarlier } = connectExpiry(tableName, client, keepClosedMs, clock);

  return {
    async load(thingName) {
      const item = await loadItem<CaseItem>(caseKey(thingName));
      return item && { value: readCase(item), version: item.version };
    },

    save: (given, previous) => {
      const record = given.status === 'closed' ? dateKeeping(given, keepClosedMs) : given;
      const shard = shardOf(record.thingName);
      const { value, codes } = writeCase(record);
      return save(caseKey(record.thingName), value, previous, {
        ...raiseSchema(record),
        codes,
        thingName: record.thingName,
        caseId: record.caseId,
        severity: record.severity,
        updatedAt: record.updatedAt,
        // Lists show the archived copy of a closed case; this item remains as the memory of the thing.
        ...(record.status !== 'closed' && indexStatus(record)),
        ...indexDue(record, shard),
        ...expireAt(findMemoryEnd(record)),
      });
    },

    async appendTimeline({ caseId, thingName, outbox, timelineHead, timelineSeq }) {
      const entries = outbox.timeline.map(describeEntry);
      const sk = `${writeTime(entries[0]?.at ?? 0)}#${String(timelineSeq).padStart(6, '0')}`;
      const row = { caseId, thingName, sk, entries, previousHash: timelineHead };
      const hash = hashRow(row);
      await documents.send(
        new PutCommand({
          TableName: tableName,
          Item: { pk: `CASE#${caseId}`, ...row, hash, ...indexAudit(outbox.timeline) },
        }),
      );
      return hash;
    },

    async archive(given) {
      const record = dateKeeping(given, keepClosedMs);
      const Item = {
        ...closedKey(record.thingName, record.closedAt, record.caseId),
        ...writeCase(record),
        ...raiseSchema(record),
        thingName: record.thingName,
        caseId: record.caseId,
        severity: record.severity,
        updatedAt: record.closedAt,
        ...indexStatus(record),
        ...expireAt(record.keptUntil),
      };
      await documents.send(new PutCommand({ TableName: tableName, Item }));
      if (record.keptUntil === undefined) return;
      await dateHistory(record.caseId, record.keptUntil);
      await dateEarlier(record.thingName);
    },

    listDue: (now, limit) => listDue('DUE', now, limit),
    listRetries: (now, limit) => listDue('RETRY', now, limit),
    listRoutine: (now, limit) => listDue('ROUTINE', now, limit),
  };
}

/** For lists of cases by status. */
function indexStatus(record: Case) {
  const { status, thingName } = record;
  return { statusKey: `STATUS#${status}#${shardOf(thingName)}`, outline: outlineCase(record) };
}

/**
 * A case with pending announcements or rows is due within a minute, even if it waits for something else: the sweep
 * sends them.
 */
function indexDue(record: Case, shard: number) {
  const owedAt = hasUnfinished(record) ? record.updatedAt + retryMs : Infinity;
  const dueAt = Math.min(record.dueAt ?? Infinity, owedAt);
  const kind = owedAt === Infinity ? findDueKind(record) : 'DUE';
  return Number.isFinite(dueAt) ? { dueKey: `${kind}#${shard}`, dueAt } : {};
}
