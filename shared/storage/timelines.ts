import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../ports/runtime';
import type { TimelineRow } from '../timeline';
import { type connectItems, hasExpired } from './items';

type Items = Pick<ReturnType<typeof connectItems>, 'documents' | 'queryAll'>;

export interface TimelinePage {
  readonly rows: readonly TimelineRow[];
  /** Whether there are rows after these. */
  readonly more: boolean;
}

/** Timelines of cases, for people. Expired rows are left out. */
export function openTimelines({ documents, queryAll }: Items, tableName: string, clock: Clock) {
  const isKept = (row: object) => !hasExpired(row, clock());

  return {
    /** Rows after the named one in one read: at most `limit`, and at most 1 MB. */
    async pageTimeline(caseId: string, limit: number, after?: string): Promise<TimelinePage> {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          ...ofTimeline(caseId),
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: { pk: `CASE#${caseId}`, sk: after } }),
        }),
      );
      return { rows: Items.filter(isKept) as TimelineRow[], more: LastEvaluatedKey !== undefined };
    },

    async readTimeline(caseId: string): Promise<TimelineRow[]> {
      return (await queryAll<TimelineRow>(ofTimeline(caseId))).filter(isKept);
    },
  };
}

/** Queries the rows of a case's timeline. */
export function ofTimeline(caseId: string) {
  return {
    KeyConditionExpression: 'pk = :case AND sk BETWEEN :first AND :last',
    // Rows begin with a time; keys of channel states begin with a letter.
    ExpressionAttributeValues: { ':case': `CASE#${caseId}`, ':first': '0', ':last': '9~' },
    // On a replica without the newest row, the timeline would look truncated.
    ConsistentRead: true,
  };
}
