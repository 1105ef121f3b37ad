import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Case } from '../../../shared/domain/case/case';
import type { ViolationRecord } from '../../../shared/domain/case/violation-record';
import { outlineCase } from '../../../shared/domain/lists/outline';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { describeRefusal } from '../../../shared/domain/messages/describe-reason';
import { thingKey } from '../../../shared/domain/thing-ref';
import { VersionConflictError } from '../../../shared/errors';
import { writeCase } from '../../../shared/storage/case-item';
import { connectDetectionReset } from '../../../shared/storage/detection-reset';
import { connectTable } from '../../../shared/storage/table';
import { awsError } from '../../aws-error';
import {
  aContext,
  anAuditFinding,
  anExternalFinding,
  aViolation,
  type CaseChanges,
  changeCase,
  closedCase,
  decide,
  flushed,
  idle,
  now,
} from '../../builders';
import { mockClient } from '../../mock-client';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });
const { cases, history, fleetLimit } = connectTable('cordon', client);
const detection = connectDetectionReset('cordon', client);

beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

const conflict = () => new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
const puts = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input);

function aCase(over: CaseChanges = {}): Case {
  const violation = aViolation();
  const decision = decide(
    undefined,
    { type: 'violation', thingName: thingKey('mything1'), violation },
    aContext(),
  );
  if (decision.outcome !== 'changed') throw new Error(describeRefusal(decision.reason));
  return changeCase(decision.next, over);
}

describe('cases in the table', () => {
  it('are read with strong consistency', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({})
      .resolvesOnce({ Item: { ...writeCase(aCase()), version: 7 } });

    expect(await cases.load(thingKey('mything1'))).toBeUndefined();
    expect(await cases.load(thingKey('mything1'))).toEqual({ value: aCase(), version: 7 });
    expect(dynamo.commandCalls(GetCommand)[0]?.args[0].input).toEqual({
      TableName: 'cordon',
      Key: { pk: 'THING#mything1', sk: 'CASE' },
      ConsistentRead: true,
    });
  });

  it.each([
    ['of before items had a schema', undefined],
    ['of the same schema', 1],
    ['of one with findings of others', 2],
  ])('are read where the item is %s', async (_, schema) => {
    dynamo.on(GetCommand).resolves({ Item: { ...writeCase(aCase()), version: 7, schema } });

    expect(await cases.load(thingKey('mything1'))).toEqual({ value: aCase(), version: 7 });
  });

  it('cannot be misread if a newer Cordon wrote them in another shape', async () => {
    dynamo.on(GetCommand).resolves({ Item: { value: {}, version: 7, schema: 3 } });

    await expect(cases.load(thingKey('mything1'))).rejects.toThrow(
      'THING#mything1/CASE has schema 3, written by a newer Cordon; this one knows 2: deploy that version',
    );
  });

  it.each([
    ['1 with violations alone', [aViolation()], 1],
    ['2 with a finding of another product, which an older function would misread', [anExternalFinding()], 2],
    ['2 with a finding of an audit among violations', [aViolation(), anAuditFinding()], 2],
  ])('are written with schema %s', async (_, findings, schema) => {
    const violations = Object.fromEntries(
      findings.map((finding, index) => {
        const seen = { lastEventType: 'in-alarm', lastEventAt: 1, alarmAt: 1 } as const;
        return [`${index}`, { ...finding, ...seen, caseId: 'case-1' } as ViolationRecord];
      }),
    );

    await cases.save(aCase({ violations }), 0);

    expect(puts()).toMatchObject([{ Item: { schema } }]);
  });

  it('are created only if none is stored, with what the indexes need', async () => {
    const record = aCase();

    expect(await cases.save(record, 0)).toBe(1);

    const shard = createHash('sha256').update('mything1').digest().readUInt8(0) % 8;
    expect(puts()).toEqual([
      {
        TableName: 'cordon',
        ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now',
        ExpressionAttributeValues: { ':now': expect.any(Number) },
        Item: {
          schema: 1,
          pk: 'THING#mything1',
          sk: 'CASE',
          ...writeCase(record),
          version: 1,
          caseId: 'case-1',
          thingName: thingKey('mything1'),
          severity: 'critical',
          updatedAt: now,
          statusKey: `STATUS#containing#${shard}`,
          outline: outlineCase(record),
          dueKey: `DUE#${shard}`,
          dueAt: now + 60_000,
        },
      },
    ]);
  });

  it('are written only over the version that was read, and leave the due index when nothing is due', async () => {
    expect(await cases.save(flushed(idle(aCase())), 4)).toBe(5);

    const [input] = puts();
    expect(input).toMatchObject({
      ConditionExpression: 'version = :previous',
      ExpressionAttributeValues: { ':previous': 4 },
      Item: { version: 5 },
    });
    expect(Object.keys(input?.Item ?? {})).not.toContain('dueKey');
  });

  it('are due within a minute while an announcement is pending, whatever else they wait for', async () => {
    await cases.save(aCase({ dueAt: now + 86_400_000, updatedAt: now }), 4);

    expect(puts()[0]?.Item).toMatchObject({ dueAt: now + 60_000 });
  });

  it('are not overwritten if another writer was faster', async () => {
    dynamo.on(PutCommand).rejects(conflict());

    const saved = cases.save(aCase(), 4);

    await expect(saved).rejects.toThrow(VersionConflictError);
    await expect(saved).rejects.toMatchObject({ key: 'THING#mything1' });
  });

  it('pass on any other fault unchanged', async () => {
    dynamo.on(PutCommand).rejects(awsError('ProvisionedThroughputExceededException'));

    await expect(cases.save(aCase(), 4)).rejects.not.toThrow(VersionConflictError);
  });

  it('are archived once closed, under a key that a repeat overwrites', async () => {
    const record = closedCase(aCase({ status: 'closed', closedAt: now }));

    await cases.archive(record);

    expect(puts()[0]?.Item).toEqual({
      pk: 'THING#mything1',
      sk: `CLOSED#00${now}#case-1`,
      ...writeCase(record),
      thingName: 'mything1',
      caseId: 'case-1',
      severity: 'critical',
      updatedAt: now,
      statusKey: expect.stringMatching(/^STATUS#closed#[0-7]$/),
      outline: outlineCase(record),
    });
  });
});

describe('the timeline', () => {
  it('is chained: the hash of a row covers the hash before it, the case, the place and the entries', async () => {
    const record = aCase();
    const hash = await cases.appendTimeline(record);
    const [first] = puts();

    expect(first?.Item).toEqual({
      pk: 'CASE#case-1',
      sk: `00${now}#000000`,
      caseId: 'case-1',
      thingName: thingKey('mything1'),
      entries: describeCase(record).outbox.timeline,
      previousHash: '',
      hash,
    });
    const { pk: _pk, hash: _hash, ...row } = first?.Item ?? {};
    const { caseId, thingName, sk, previousHash } = row as Record<string, unknown>;
    const entries = describeCase(record).outbox.timeline.map((one) => [
      one.at,
      one.what,
      one.actor ?? null,
      one.detail ?? null,
    ]);
    expect(
      createHash('sha256')
        .update(JSON.stringify([caseId, thingName, sk, entries, previousHash]))
        .digest('hex'),
    ).toBe(hash);

    const { outbox } = record;
    const others = await Promise.all(
      [
        { timelineHead: 'x' },
        { timelineSeq: 1 },
        { caseId: 'case-2' },
        { outbox: { ...outbox, timeline: outbox.timeline.map((entry) => ({ ...entry, actor: 'forged' })) } },
      ].map((over) => cases.appendTimeline({ ...record, ...over })),
    );
    expect(new Set([hash, ...others]).size).toBe(5);
  });

  it('keeps a repeated row in the same place', async () => {
    expect(await cases.appendTimeline(aCase())).toBe(await cases.appendTimeline(aCase()));

    const [first, second] = puts();
    expect(second).toEqual(first);
  });

  it('is read in order of time, without the other rows of the case', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ sk: '1' }] });

    expect(await history.readTimeline('case-1')).toEqual([{ sk: '1' }]);
    const { ExpressionAttributeValues: range } = dynamo.commandCalls(QueryCommand)[0]?.args[0].input ?? {};
    expect('SLACK' > range?.[':last']).toBe(true);
    expect(`00${now}#000000` > range?.[':first']).toBe(true);
  });
});

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

    expect(await history.listClosed(thingKey('mything1'), 2)).toMatchObject([
      { caseId: 'case-2' },
      { caseId: 'case-1' },
    ]);
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

  it('has no cursor if the last one is full', async () => {
    keep(2, 1);

    expect(await history.pageClosed(thing, 2)).toEqual({ cases: expect.any(Array) });
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

    expect(await history.listClosed(thingKey('mything1'))).toMatchObject([
      { caseId: 'case-2' },
      { caseId: 'case-1' },
    ]);
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

    expect(await history.scanCases(now)).toMatchObject([{ caseId: 'case-1' }, { caseId: 'case-2' }]);
  });
});

describe('the fleet limit', () => {
  const reservation = { thingName: thingKey('mything1'), now, limit: 2, windowMs: 1_000 };
  /** As many are noted as there are places, or more: only reading tells which are still taken. */
  const stored = (places: Record<string, number>) => {
    dynamo.on(UpdateCommand).rejects(conflict());
    dynamo.on(GetCommand).resolves({ Item: { value: places, version: 3 } });
  };

  it('grants a place without reading the others while fewer are recorded than permitted', async () => {
    dynamo.on(UpdateCommand).resolves({});

    expect(await fleetLimit.reserve({ ...reservation, limit: 1_000 })).toBe(true);

    expect(dynamo.calls().map(({ args: [{ input }] }) => input)).toEqual([
      expect.objectContaining({
        Key: { pk: 'LIMIT#fleet', sk: 'WINDOW' },
        ConditionExpression: 'size(#value) < :most',
        ExpressionAttributeValues: { ':now': now, ':one': 1, ':most': 100 },
      }),
    ]);
  });

  it.each([
    ['a place is free', { a: now - 10 }, true, { a: now - 10, mything1: now }],
    ['an old place is free again', { a: now - 1_000, b: now - 10 }, true, { b: now - 10, mything1: now }],
    ['the thing has its place', { mything1: now - 10, a: now - 5 }, true, undefined],
    ['every place is taken', { a: now - 10, b: now - 999 }, false, undefined],
  ])('decides where %s', async (_, places, answer, saved) => {
    stored(places);

    expect(await fleetLimit.reserve(reservation)).toBe(answer);
    expect(puts().map(({ Item }) => Item?.value)).toEqual(saved ? [saved] : []);
  });

  it('reads again if another thing took a place at the same time', async () => {
    dynamo.on(UpdateCommand).rejects(conflict());
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { value: { a: now }, version: 3 } })
      .resolves({ Item: { value: { a: now, b: now }, version: 4 } });
    dynamo.on(PutCommand).rejectsOnce(conflict());

    expect(await fleetLimit.reserve(reservation)).toBe(false);
  });

  it('fails, and is retried, if it always loses the race', async () => {
    stored({});
    dynamo.on(PutCommand).rejects(conflict());

    await expect(fleetLimit.reserve(reservation)).rejects.toThrow(VersionConflictError);
  });
});

describe('the detector’s state of a thing whose case is closed', () => {
  const state = {
    ...{
      schema: 1,
      thingName: thingKey('mything1'),
      lastReportId: 7,
      lastReceivedAt: now,
      presence: { seen: [] },
    },
    behaviors: { 'p/b': { bad: 1, good: 0, violationId: 'v', recent: [now] } },
  };

  it('is reset under its version, and again if the detector saved in between', async () => {
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { value: state, version: 3 } })
      .resolves({ Item: { value: state, version: 4 } });
    dynamo.on(PutCommand).rejectsOnce(conflict()).resolves({});

    await detection.reset(thingKey('mything1'), now + 5, now);

    expect(puts()[1]).toMatchObject({
      Item: {
        ...{ pk: 'THING#mything1', sk: 'DETECT', version: 5 },
        value: {
          ...state,
          behaviors: { 'p/b': { bad: 0, good: 0, recent: [now] } },
          heldUntil: now,
        },
      },
      ExpressionAttributeValues: { ':previous': 4 },
    });
  });

  it('is not created if the thing never reported', async () => {
    dynamo.on(GetCommand).resolves({});

    await detection.reset(thingKey('mything1'), now);

    expect(puts()).toEqual([]);
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
