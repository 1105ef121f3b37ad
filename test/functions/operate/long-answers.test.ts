import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { anOperator, aRequest } from './operator';

/** Limit of a response of a Lambda function (Lambda quotas). JSON quotes the body once more. */
const mostBytes = 6_291_556;
const mything1 = thingKey('mything1');
/** Six bytes as JSON, and seven in the quoted body. */
const long = (length: number) => '\u0001'.repeat(length);
const { record: contained } = aContainedCase();
const [violation] = Object.values(contained.violations);
if (!violation) throw new Error('the case has one');

/** A case with findings of another product, each with the longest id. */
function aLongCase(record: Case, index: number): Case {
  const ids = Array.from({ length: 5 }, (_, at) => `external finding/scanner/${at}${long(500)}`);
  const violations = Object.fromEntries(ids.map((id) => [id, { ...violation, caseId: `case-${index}` }]));
  return { ...record, caseId: `case-${index}`, violations } as Case;
}

interface Page {
  readonly nextFrom?: number;
  readonly next?: string;
}

/** The answers of all pages, each of which fits a Lambda response. */
async function readPages<P>(
  operator: ReturnType<typeof anOperator>,
  route: string,
  pathParameters: Record<string, string>,
): Promise<(P & Page)[]> {
  const pages: (P & Page)[] = [];
  for (let query: Record<string, string> | undefined = {}; query && pages.length < 50; ) {
    const request = { pathParameters, queryStringParameters: { limit: '500', ...query } };
    const answer = await operator.handle(aRequest(route, request));
    expect(answer.statusCode).toBe(200);
    expect(Buffer.byteLength(JSON.stringify(answer.body))).toBeLessThan(mostBytes);
    const page = JSON.parse(answer.body ?? '') as P & Page;
    pages.push(page);
    const { next, nextFrom } = page;
    query = next ? { cursor: next } : nextFrom ? { from: String(nextFrom) } : undefined;
  }
  return pages;
}

describe('an answer that would be longer than a Lambda response', () => {
  it('has fewer values of a metric, whatever a device reports', async () => {
    const operator = anOperator();
    const strings = Array.from({ length: 20 }, () => long(100));
    const points = Array.from({ length: 500 }, (_, at) => ({
      metric: 'm',
      at: now - at,
      value: { strings },
    }));
    await operator.detection.datapoints.append(mything1, points);

    const pages = await readPages<{ datapoints: { at: number }[] }>(
      operator,
      'GET /things/{thing}/metrics/{metric}',
      { thing: mything1, metric: 'm' },
    );

    expect(pages.flatMap(({ datapoints }) => datapoints.map(({ at }) => at))).toEqual(
      points.map(({ at }) => at).toReversed(),
    );
  });

  it('has fewer cases', async () => {
    const cases = Array.from({ length: 500 }, (_, index) => ({
      ...aLongCase(contained, index),
      thingName: thingKey(`pump-${index}`),
    }));
    const pages = await readPages<{ cases: unknown[] }>(anOperator(cases), 'GET /cases', {});

    expect(pages.flatMap(({ cases: listed }) => listed)).toHaveLength(500);
  });

  it('has fewer earlier cases of a thing', async () => {
    const { record } = aReleasedCase();
    const closed = Array.from({ length: 500 }, (_, index) => aLongCase(record, index));
    const pages = await readPages<{ cases: unknown[] }>(anOperator(closed), 'GET /things/{thing}/closed', {
      thing: record.thingName,
    });

    expect(pages.flatMap(({ cases }) => cases)).toHaveLength(500);
  });

  it('has fewer entries of the audit', async () => {
    const acts = Array.from({ length: 500 }, () => ({
      ...{ at: now, actor: long(256), thingName: 'a', what: 'comment', detail: long(1_000) },
    }));
    const page = async ({ limit, cursor = '0' }: { limit: number; cursor?: string | undefined }) => {
      const end = Number(cursor) + limit;
      const next = end < acts.length && { next: String(end) };
      return { from: 0, to: now, acts: acts.slice(Number(cursor), end), ...next };
    };
    const pages = await readPages<{ acts: unknown[] }>(anOperator([], { audit: { page } }), 'GET /audit', {});

    expect(pages.flatMap(({ acts: entries }) => entries)).toHaveLength(500);
  });
});
