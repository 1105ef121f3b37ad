import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { parseJson } from '../domain/json';
import { CursorError } from '../errors';
import type { IndexedEntry } from './index-audit';
import { connectItems } from './items';
import { auditKey } from './keys';
import { refuseUnbuilt } from './status-index';

/** What a person did. */
export interface AuditEntry {
  readonly at: number;
  readonly actor: string;
  readonly thingName: string;
  /** Absent for a refused command of a thing that had no open case. */
  readonly caseId?: string;
  /** Of the event, for programs. */
  readonly code?: string;
  readonly what: string;
  readonly detail?: string;
}

export interface AuditQuery {
  readonly actor?: string | undefined;
  readonly thingName?: string | undefined;
  /** Epoch ms, both included. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface AuditPage {
  /** The start of the first page, on all further ones. */
  readonly from: number;
  readonly to: number;
  /** Newest first. */
  readonly acts: readonly AuditEntry[];
  readonly next?: string;
}

interface AuditRow {
  readonly pk: string;
  readonly sk: string;
  readonly thingName: string;
  readonly caseId?: string;
  readonly updatedAt: number;
  readonly outline?: { readonly acts?: readonly IndexedEntry[] };
}

interface Position {
  readonly from: number;
  readonly to: number;
  /** Epoch days. */
  readonly day: number;
  readonly behind?: { readonly pk: string; readonly sk: string; readonly updatedAt: number } | undefined;
}

const dayMs = 86_400_000;
/** A page ends after this many rows or days, even if it found nothing. */
const maxRows = 1_000;
const maxDays = 100;

/** The audit: rows of timelines that people caused, and refused commands without a timeline, from the index by day. */
export function connectAudit(tableName: string, client?: DynamoDBClient) {
  const { documents } = connectItems(tableName, client);

  /** Throws CursorError and IndexNotBuiltError. */
  async function page({ actor, thingName, limit, cursor, ...times }: AuditQuery): Promise<AuditPage> {
    const query = JSON.stringify([actor, thingName]);
    const start: Position =
      cursor === undefined ? { ...times, day: Math.floor(times.to / dayMs) } : readCursor(cursor, query);
    const { from, to } = start;
    const first = Math.floor(from / dayMs);
    const acts: AuditEntry[] = [];
    let rows = 0;
    let behind = start.behind;
    for (let day = start.day; day >= first; day -= 1, behind = undefined) {
      if (start.day - day >= maxDays) return { from, to, acts, next: writeCursor({ from, to, day }, query) };
      for (;;) {
        const statusKey = auditKey(day * dayMs);
        const { Items = [], LastEvaluatedKey } = await documents
          .send(
            new QueryCommand({
              TableName: tableName,
              IndexName: 'caseList',
              KeyConditionExpression: 'statusKey = :key AND updatedAt BETWEEN :from AND :to',
              ExpressionAttributeValues: {
                ':key': statusKey,
                ':from': from,
                ':to': behind ? Math.max(from, behind.updatedAt) : to,
              },
              ScanIndexForward: false,
              Limit: limit,
              ...(behind && behind.updatedAt >= from && { ExclusiveStartKey: { statusKey, ...behind } }),
            }),
          )
          .catch(refuseUnbuilt);
        for (const row of Items as AuditRow[]) {
          rows += 1;
          behind = { pk: row.pk, sk: row.sk, updatedAt: row.updatedAt };
          acts.push(...listEntries(row, actor, thingName));
          // A row is never divided, so a page may have a few more.
          if (acts.length >= limit || rows >= maxRows)
            return { from, to, acts, next: writeCursor({ from, to, day, behind }, query) };
        }
        if (!LastEvaluatedKey) break;
      }
    }
    return { from, to, acts };
  }

  return { page };
}

function listEntries({ thingName, caseId, outline }: AuditRow, actor?: string, thing?: string): AuditEntry[] {
  if (thing !== undefined && thing !== thingName) return [];
  return (outline?.acts ?? []).flatMap(({ at, code, what, actor: by, detail }) =>
    by !== undefined && (actor === undefined || by === actor)
      ? [
          {
            ...{ at, actor: by, thingName, ...(caseId && { caseId }) },
            ...{ ...(code && { code }), what, ...(detail && { detail }) },
          },
        ]
      : [],
  );
}

function hash(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 10);
}

function writeCursor({ from, to, day, behind }: Position, query: string): string {
  const place = behind ? [behind.pk, behind.sk, behind.updatedAt] : 0;
  return Buffer.from(JSON.stringify([1, hash(query), from, to, day, place])).toString('base64url');
}

/** A position in the index and nothing else, so a forged one finds nothing that its bearer may not read anyway. */
function readCursor(cursor: string, query: string): Position {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  const [version, of, from, to, day, place] = Array.isArray(parsed) ? parsed : [];
  const isTime = (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < 1e15;
  if (version !== 1 || !isTime(from) || !isTime(to) || !isTime(day) || day > Math.floor(to / dayMs))
    throw new CursorError('is none of this list');
  if (of !== hash(query)) throw new CursorError('is of a list with another filter: begin without a cursor');
  if (place === 0) return { from, to, day };
  const [pk, sk, updatedAt] = Array.isArray(place) ? place : [];
  const isRow = (ofPk: RegExp, ofSk: RegExp) =>
    typeof pk === 'string' && ofPk.test(pk) && typeof sk === 'string' && ofSk.test(sk);
  const isKnown =
    isRow(/^CASE#[a-zA-Z0-9:_-]{1,128}$/, /^\d{15}#\d{6}$/) ||
    isRow(/^THING#[a-zA-Z0-9:_/-]{1,200}$/, /^REFUSAL#.{1,128}$/s);
  if (!isKnown || !Number.isSafeInteger(updatedAt) || updatedAt < 0)
    throw new CursorError('is none of this list');
  return { from, to, day, behind: { pk, sk, updatedAt } };
}
