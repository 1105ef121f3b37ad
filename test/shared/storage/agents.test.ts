import { caseStatuses } from '../../../shared/domain/case/status';
import { type DetectState, newDetectState } from '../../../shared/domain/detection/state';
import { thingKey } from '../../../shared/domain/thing-ref';
import { connectDetection } from '../../../shared/storage/detection';
import { now } from '../../builders';
import { aCaseOf, names, readPages, startTables } from './a-table';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});

afterAll(() => tables.close());

describe('the list of degraded agents', () => {
  const health = { version: '1.2.0', restarts: 0, spool: 0 };
  const aState = (name: string, degraded: readonly string[], silentAt?: number): DetectState => ({
    ...newDetectState(thingKey(name)),
    dueAt: now,
    agent: { heardAt: now, principal: 'a', health: { ...health, degraded }, ...(silentAt && { silentAt }) },
  });

  it('lists each agent by name with its limits until it reports a complete view, and lists no case', async () => {
    const table = await tables.openTable('degraded', [aCaseOf('blind')]);
    const { states, silences, listDegraded } = connectDetection('degraded', tables.client);
    const saved = names.map((name) => aState(name, ['gap']));
    for (const state of [...saved, aState('blind', ['hidden', 'state'], now), aState('well', [])])
      await states.save(state, 0);

    expect(await listDegraded()).toEqual([
      { thingName: 'blind', degraded: ['hidden', 'state'] },
      ...names.map((thingName) => ({ thingName, degraded: ['gap'] })),
    ]);
    // The sweep finds it as any other.
    expect(await states.listDue(now, 100)).toHaveLength(59);
    expect(await silences.listSilent()).toEqual(['blind']);
    expect(await readPages(table, { statuses: caseStatuses, limit: 10 })).toEqual([['blind']]);

    await states.save(aState('blind', []), 1);
    await states.save(newDetectState(thingKey('thing-00')), 1);
    expect((await listDegraded()).map(({ thingName }) => thingName)).toEqual(names.slice(1));
  }, 60_000);

  it('lists the names while DynamoDB builds the index with the limits', async () => {
    await tables.openTable('degraded-before', [], false);
    const { states, listDegraded } = connectDetection('degraded-before', tables.client);
    await states.save(aState('blind', ['hidden']), 0);

    expect(await listDegraded()).toEqual([{ thingName: 'blind', degraded: [] }]);
  }, 60_000);
});
