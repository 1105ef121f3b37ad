import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { writeCase } from '../../../shared/storage/case-item';
import { connectTable } from '../../../shared/storage/table';
import { type CaseChanges, changeCase, changedBy, now } from '../../builders';
import { mockClient } from '../../mock-client';
import { alarm } from '../domain/lead-case';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });
const { cases, history } = connectTable('cordon', client);
beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

function aCase(over: CaseChanges = {}): Case {
  return changeCase(changedBy(undefined, alarm()), over);
}

describe('a list across shards', () => {
  it('has the due cases, oldest first, no more than requested', async () => {
    dynamo.on(QueryCommand).callsFake(({ ExpressionAttributeValues: { ':shard': shard } }) => ({
      Items:
        shard === 'DUE#1'
          ? [
              { pk: 'THING#late', dueAt: 30 },
              { pk: 'THING#later', dueAt: 40 },
            ]
          : shard === 'DUE#6'
            ? [{ pk: 'THING#a#b', dueAt: 10 }]
            : undefined,
    }));

    expect(await cases.listDue(now, 2)).toEqual(['a#b', 'late']);
    const asked = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input);
    expect(asked.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues)).toEqual(
      Array.from({ length: 8 }, (_, shard) => ({ ':shard': `DUE#${shard}`, ':now': now })),
    );
    expect(new Set(asked.map(({ IndexName, Limit }) => `${IndexName} ${Limit}`))).toEqual(
      new Set(['byDue 2']),
    );
  });

  it('contains the cases of a status', async () => {
    dynamo.on(QueryCommand).callsFake(({ ExpressionAttributeValues: { ':key': key } }) => ({
      Items: key === 'STATUS#contained#3' ? [{ thingName: thingKey('mything1') }] : [],
    }));

    expect(await history.listByStatus('contained')).toEqual([{ thingName: thingKey('mything1') }]);
  });
});

describe('a list of the newest cases', () => {
  it('contains as many cases of a status as requested, over all shards', async () => {
    dynamo.on(QueryCommand).callsFake(({ ExpressionAttributeValues: { ':key': key } }) => ({
      Items: key === 'STATUS#closed#3' ? [{ updatedAt: 5 }, { updatedAt: 1 }] : [{ updatedAt: 3 }],
    }));

    expect((await history.listByStatus('closed', 3)).map(({ updatedAt }) => updatedAt)).toEqual([5, 3, 3]);
    const asked = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input);
    expect(new Set(asked.map(({ Limit, ScanIndexForward }) => `${Limit} ${ScanIndexForward}`))).toEqual(
      new Set(['3 false']),
    );
  });

  it('contains as many closed cases as requested, even if a page ends early', async () => {
    dynamo.on(QueryCommand).callsFake(({ ExclusiveStartKey }) => ({
      Items: [writeCase(aCase({ caseId: ExclusiveStartKey ? 'case-1' : 'case-2' }))],
      LastEvaluatedKey: { pk: 'a', sk: '1' },
    }));

    expect(await history.listClosed(thingKey('mything1'), 2)).toMatchObject({
      cases: [{ caseId: 'case-2' }, { caseId: 'case-1' }],
    });
    const limits = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input.Limit);
    expect(limits).toEqual([2, 1]);
  });
});

describe('a page of the closed cases of a thing', () => {
  const thing = thingKey('mything1');
  const keyOf = (number: number) => `CLOSED#${String(number).padStart(15, '0')}#case-${number}`;
  const asked = () => dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input);

  /** Newest first, behind the key that is asked from. */
  function keep(...numbers: number[]) {
    dynamo.on(QueryCommand).callsFake(({ ExclusiveStartKey, Limit }) => {
      const rows = numbers
        .map((number) => ({ ...writeCase(aCase({ caseId: `case-${number}` })), sk: keyOf(number) }))
        .filter(({ sk }) => ExclusiveStartKey === undefined || sk < ExclusiveStartKey.sk)
        .slice(0, Limit);
      return { Items: rows };
    });
  }

  it('ends with the cursor of the next one, until nothing is left', async () => {
    keep(5, 4, 3, 2, 1);
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await history.pageClosed(thing, 2, cursor);
      expect(page.cases.length).toBeGreaterThan(0);
      found.push(...page.cases.map(({ caseId }) => caseId));
      cursor = page.next;
    } while (cursor);

    expect(found).toEqual(['case-5', 'case-4', 'case-3', 'case-2', 'case-1']);
    expect(asked().map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([
      undefined,
      { pk: 'THING#mything1', sk: keyOf(4) },
      { pk: 'THING#mything1', sk: keyOf(2) },
    ]);
  });

  it('names a damaged case, and has the others', async () => {
    const items = [3, 2, 1].map((number) => ({
      ...writeCase(aCase({ caseId: `case-${number}` })),
      sk: keyOf(number),
      ...(number === 2 && { value: { ledger: 'gone' } }),
    }));
    dynamo.on(QueryCommand).resolves({ Items: items });

    for (const found of [await history.pageClosed(thing, 3), await history.listClosed(thing)]) {
      expect(found.cases.map(({ caseId }) => caseId)).toEqual(['case-3', 'case-1']);
      expect(found.damaged).toEqual(['case-2']);
    }
  });

  it('has no cursor if the last one is full', async () => {
    keep(2, 1);

    expect(await history.pageClosed(thing, 2)).toEqual({ cases: expect.any(Array), damaged: [] });
  });

  it('is refused with the cursor of another thing, or with an invalid one, before anything is read', async () => {
    keep(3, 2, 1);
    const { next } = await history.pageClosed(thingKey('other'), 1);
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

    await expect(history.pageClosed(thing, 1, next)).rejects.toThrow('is of another thing');
    const [version, of] = JSON.parse(Buffer.from(next ?? '', 'base64url').toString());
    for (const bad of [
      '',
      'x',
      forged(null),
      forged([version, of, 'CASE']),
      forged([2, of, keyOf(2)]),
      forged([version, of, 7]),
    ])
      await expect(history.pageClosed(thingKey('other'), 1, bad)).rejects.toThrow('is none of this list');
    expect(asked()).toHaveLength(1);
  });
});

describe('a result of several pages', () => {
  const pages = (first: unknown, second: unknown) =>
    dynamo.on(QueryCommand).callsFake(({ ExclusiveStartKey }) => {
      if (ExclusiveStartKey === undefined) return { Items: [first], LastEvaluatedKey: { pk: 'a', sk: '1' } };
      return ExclusiveStartKey.sk === '1' ? { Items: [second] } : { Items: [] };
    });

  it('is read to its end: a timeline', async () => {
    pages({ sk: '1' }, { sk: '2' });

    expect(await history.readTimeline('case-1')).toEqual([{ sk: '1' }, { sk: '2' }]);
  });

  it('is read to its end: the closed cases of a thing', async () => {
    pages(writeCase(aCase({ caseId: 'case-2' })), writeCase(aCase({ caseId: 'case-1' })));

    expect(await history.listClosed(thingKey('mything1'))).toMatchObject({
      cases: [{ caseId: 'case-2' }, { caseId: 'case-1' }],
    });
  });

  it('is read to its end: the cases of a status, in each shard', async () => {
    pages({ thingName: thingKey('a') }, { thingName: thingKey('b') });

    expect(await history.listByStatus('contained')).toEqual(
      Array.from({ length: 8 }, () => [{ thingName: thingKey('a') }, { thingName: thingKey('b') }]).flat(),
    );
  });

  it('is read to its end: the cases touched since', async () => {
    dynamo.on(ScanCommand).callsFake(({ ExclusiveStartKey }) => ({
      Items: [writeCase(aCase({ caseId: ExclusiveStartKey ? 'case-2' : 'case-1' }))],
      ...(!ExclusiveStartKey && { LastEvaluatedKey: { pk: 'a', sk: '1' } }),
    }));

    expect((await history.scanCases(now)).cases).toMatchObject([{ caseId: 'case-1' }, { caseId: 'case-2' }]);
  });
});

describe('a page of a timeline', () => {
  it('is read from the row after the named one, and says whether there are more', async () => {
    const row = { sk: '000000000000002#000001' };
    dynamo.on(QueryCommand).resolves({ Items: [row], LastEvaluatedKey: { pk: 'CASE#case-1', sk: row.sk } });

    expect(await history.pageTimeline('case-1', 7, '000000000000001#000000')).toEqual({
      rows: [row],
      more: true,
    });
    expect(dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input)).toEqual([
      expect.objectContaining({
        Limit: 7,
        ExclusiveStartKey: { pk: 'CASE#case-1', sk: '000000000000001#000000' },
        ConsistentRead: true,
      }),
    ]);
  });
});
