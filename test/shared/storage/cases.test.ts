import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../../../shared/domain/case/case';
import type { ViolationRecord } from '../../../shared/domain/case/violation-record';
import { outlineCase } from '../../../shared/domain/lists/outline';
import { describeCase } from '../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { VersionConflictError } from '../../../shared/errors';
import { writeCase } from '../../../shared/storage/case-item';
import { connectTable } from '../../../shared/storage/table';
import { awsError } from '../../aws-error';
import {
  anAuditFinding,
  anExternalFinding,
  aViolation,
  type CaseChanges,
  changeCase,
  changedBy,
  closedCase,
  flushed,
  idle,
  now,
} from '../../builders';
import { mockClient } from '../../mock-client';
import { alarm } from '../domain/lead-case';

const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });
const { cases, history } = connectTable('cordon', client);
beforeEach(() => dynamo.reset().on(PutCommand).resolves({}));

const conflict = () => new ConditionalCheckFailedException({ message: 'no', $metadata: {} });

const puts = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input);

function aCase(over: CaseChanges = {}): Case {
  return changeCase(changedBy(undefined, alarm()), over);
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
  ])('are read if the item is %s', async (_, schema) => {
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
