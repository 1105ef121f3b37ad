import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { deniedObject, policyObject, statusObject } from '../../../shared/domain/actions/lease';
import { newDetectState } from '../../../shared/domain/detection/state';
import { accountKey, thingKey } from '../../../shared/domain/thing-ref';
import { connectCases } from '../../../shared/storage/cases';
import { connectDetection } from '../../../shared/storage/detection';
import { connectFleetLimit } from '../../../shared/storage/fleet-limit';
import { connectHeldThings } from '../../../shared/storage/held-things';
import { connectHistory } from '../../../shared/storage/history';
import { connectLeases } from '../../../shared/storage/leases';
import { connectRefusals } from '../../../shared/storage/refusals';
import { closedCase, now } from '../../builders';
import { aCase } from '../../contract/case-store-contract';
import { mockClient } from '../../mock-client';

/** What is written and read of a table, by what it does to two things of one name. */
const dynamo = mockClient(DynamoDBDocumentClient);
const client = new DynamoDBClient({ region: 'us-east-1' });

const there = accountKey({ account: '111122223333', region: 'eu-west-1' });
const own = thingKey('mything1');
const others = thingKey('mything1', there);

beforeEach(() => dynamo.reset().onAnyCommand().resolves({}));

/** Partition keys of all calls, as text. */
function touched(): string[] {
  const found = JSON.stringify(dynamo.calls().map(({ args: [{ input }] }) => input)).matchAll(
    /"(?:pk|:thing)":"([^"]+)"/g,
  );
  return [...new Set([...found].map(([, pk = '']) => pk))];
}

describe('two things of one name in two accounts', () => {
  it.each<[string, (thing: typeof own) => Promise<unknown>]>([
    ['a case', (thingName) => connectCases('t', client).save(aCase({ thingName }), 0)],
    ['the case that is read', (thing) => connectCases('t', client).load(thing)],
    [
      'closed cases',
      (thingName) => connectCases('t', client).archive(closedCase(aCase({ thingName, status: 'closed' }))),
    ],
    ['the closed cases that are read', (thing) => connectHistory('t', client).listClosed(thing)],
    ['the detector’s state', (thing) => connectDetection('t', client).states.save(newDetectState(thing), 0)],
    ['the state that is read', (thing) => connectDetection('t', client).states.load(thing)],
    ['a look at what holds it', (thing) => connectDetection('t', client).silences.isHeld(thing)],
    [
      'datapoints',
      (thing) =>
        connectDetection('t', client).datapoints.append(thing, [
          { metric: 'm', at: now, value: { number: 1 } },
        ]),
    ],
    [
      'the datapoints that are read',
      (thingName) =>
        connectDetection('t', client).readDatapoints({ thingName, metric: 'm', from: 0, to: 1, limit: 1 }),
    ],
    [
      'refusals',
      (thingName) =>
        connectRefusals('t', client).record({
          thingName,
          requestId: 'r',
          refusal: { code: 'no-open-case' },
          now,
        }),
    ],
    ['the refusals that are read', (thing) => connectRefusals('t', client).read(thing, 'r')],
  ])('share no item: %s', async (_, use) => {
    await use(own);
    expect(touched()).toEqual(['THING#mything1']);
    dynamo.resetHistory();

    await use(others);
    expect(touched()).toEqual(['THING#111122223333/eu-west-1/mything1']);
  });

  it('share no lease, even if their policies or certificates have the same name', async () => {
    const objects = [policyObject('device'), statusObject('a'.repeat(64)), deniedObject('b'.repeat(64))];
    const keysOf = async (leases: ReturnType<typeof connectLeases>) => {
      dynamo.resetHistory();
      for (const object of objects) {
        await leases.load(object);
        await leases.save({ object, prior: { attachedBefore: false }, holders: [] }, 0);
      }
      return touched();
    };

    const here = await keysOf(connectLeases('t', client));
    const elsewhere = await keysOf(connectLeases('t', client, there));

    expect(here).toEqual(objects.map((object) => `HOLD#${object}`));
    expect(elsewhere).toEqual(objects.map((object) => `HOLD#111122223333/eu-west-1/${object}`));
  });

  it('are not confused when a session is looked up', async () => {
    await connectHeldThings('t', client, there).find('mything1', 'c'.repeat(64));

    expect(touched().every((pk) => /^(THING|HOLD)#111122223333\/eu-west-1\//.test(pk))).toBe(true);
    expect(touched()).toHaveLength(4);
  });

  it('take one place each in the fleet limit', async () => {
    const taken: Record<string, number> = {};
    dynamo.on(UpdateCommand).callsFake(({ ExpressionAttributeNames }) => {
      taken[ExpressionAttributeNames['#thing']] = now;
      return {};
    });
    const { reserve } = connectFleetLimit('t', client);

    for (const thingName of [own, others, own]) await reserve({ thingName, now, limit: 10, windowMs: 1_000 });

    expect(Object.keys(taken)).toEqual(['mything1', '111122223333/eu-west-1/mything1']);
  });

  it('are distinguished among the holders of a lease', async () => {
    const lease = {
      object: statusObject('a'.repeat(64)),
      prior: { statusBefore: 'ACTIVE' },
      holders: [others],
    };
    dynamo.on(GetCommand).resolves({});
    dynamo
      .on(GetCommand, { Key: { pk: `HOLD#${there}${lease.object}`, sk: 'HOLD' } })
      .resolves({ Item: { value: lease, version: 1 } });

    await connectLeases('t', client, there).load(lease.object);

    expect(touched()).toContain('THING#111122223333/eu-west-1/mything1');
    expect(touched()).not.toContain('THING#mything1');
    expect(dynamo.commandCalls(PutCommand)).toEqual([]);
  });
});
