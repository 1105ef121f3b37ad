import type { CaseStatus } from '../domain/case/status';
import type { CaseOutline, ListedCase } from '../domain/lists/outline';
import type { connectItems } from './items';
import { shards } from './keys';

type OutlinedRow = Omit<ListedCase, keyof CaseOutline> & { readonly outline?: CaseOutline };

/**
 * All cases of a status that changed since a time, as the index has them. Cases that an earlier release wrote without
 * an outline are left out, because that release knew neither storms nor digests, for which this list is.
 */
export async function listOutlined(
  { queryAll }: Pick<ReturnType<typeof connectItems>, 'queryAll'>,
  status: CaseStatus,
  since: number,
): Promise<ListedCase[]> {
  const found = await Promise.all(
    Array.from({ length: shards }, (_, shard) =>
      queryAll<OutlinedRow>({
        IndexName: 'caseList',
        KeyConditionExpression: 'statusKey = :key AND updatedAt >= :since',
        ExpressionAttributeValues: { ':key': `STATUS#${status}#${shard}`, ':since': since },
      }),
    ),
  );
  return found
    .flat()
    .flatMap(({ thingName, caseId, severity, updatedAt, outline }) =>
      outline ? [{ thingName, caseId, status, severity, updatedAt, ...outline }] : [],
    );
}
