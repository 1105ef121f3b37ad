import type { CaseListAnswer } from '../../shared/api/lists';
import type { BulkAnswer } from '../../shared/api/operator-actions';
import { ApiError, type Client } from '../api/client';
import type { ListedCase } from '../api/types';
import type { BulkAction } from './bulk';

/** The API accepts this many in one request, and has this many on a page. */
const mostAtOnce = 500;

type Wanted = Pick<ListedCase, 'thingName' | 'caseId'>;

interface Bulk {
  readonly act: BulkAction;
  /** The number that the person expects: if another number matches, nothing is sent. */
  readonly count: number;
  /** The cases themselves, or what selects them. */
  readonly cases: readonly Wanted[] | Readonly<Record<string, string>>;
}

/** The other fields of the body, such as a comment. */
type Order = Readonly<Record<string, unknown>>;

/**
 * One operator action on any number of cases, in several requests. `send` returns the result for each case. If it throws, some
 * cases are left, and another `send` continues with them.
 */
export function createBulk(client: Pick<Client, 'read' | 'post'>, { act, count, cases }: Bulk) {
  // The same key sends nothing twice, should an answer get lost.
  const key: string = crypto.randomUUID();
  const results: BulkAnswer['results'] = [];
  let chosen: readonly Wanted[] | undefined;

  async function choose(): Promise<readonly Wanted[]> {
    const found = Array.isArray(cases)
      ? cases
      : await listAll(client, cases as Record<string, string>, count);
    if (found.length === count) return found;
    const selected = found.length > count ? `more than ${count}` : found.length;
    throw new ApiError('refused', `Expected ${count}, but ${selected} are selected: nothing was sent`);
  }

  return {
    async send(order: Order, onProgress: (sent: number) => void): Promise<BulkAnswer['results']> {
      chosen ??= await choose();
      while (results.length < chosen.length) {
        const next = chosen.slice(results.length, results.length + mostAtOnce);
        const body = { cases: next.map(nameCase), ...order, expect: next.length, key };
        results.push(...(await client.post<BulkAnswer>(`/bulk/${act}`, body)).results);
        onProgress(results.length);
      }
      return results;
    },
  };
}

function nameCase({ thingName, caseId }: Wanted): Wanted {
  return { thingName, caseId };
}

/** Stops reading once there are more cases than expected. */
async function listAll(
  client: Pick<Client, 'read'>,
  filter: Readonly<Record<string, string>>,
  count: number,
): Promise<readonly Wanted[]> {
  const found = new Map<string, Wanted>();
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({
      ...filter,
      limit: String(mostAtOnce),
      ...(cursor !== undefined && { cursor }),
    });
    const page = JSON.parse(await client.read(`/cases?${query}`)) as CaseListAnswer;
    for (const one of page.cases) found.set(one.caseId, one);
    cursor = page.next;
  } while (cursor !== undefined && found.size <= count);
  return [...found.values()];
}
