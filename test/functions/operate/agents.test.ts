import { agentList } from '../../../shared/api/thing';
import { type DetectState, newDetectState } from '../../../shared/domain/detection/state';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import { anOperator } from './operator';

function aState(name: string, degraded: readonly string[], silentAt?: number): DetectState {
  const health = { version: '1.2.0', restarts: 0, spool: 0, degraded };
  return {
    ...newDetectState(thingKey(name)),
    agent: { heardAt: now, principal: 'a', health, ...(silentAt !== undefined && { silentAt }) },
  };
}

const blind = aState('blind', ['hidden']);
const both = aState('both', ['state'], now);
const quiet = aState('quiet', [], now);

/** An operator of a fleet with these agents. */
function aFleet(states: readonly DetectState[] = [quiet, both, blind]) {
  const loaded: string[] = [];
  const byName = new Map(states.map((state) => [state.thingName, state]));
  const { ask } = anOperator([], {
    listSilent: async () =>
      states.flatMap(({ thingName, agent }) => (agent?.silentAt === undefined ? [] : [thingName])),
    listDegraded: async () =>
      states.flatMap(({ thingName, agent }) => {
        const { degraded = [] } = agent?.health ?? {};
        return degraded.length > 0 ? [{ thingName, degraded }] : [];
      }),
    async loadStates(things) {
      loaded.push(...things);
      return things.flatMap((name) => byName.get(name) ?? []);
    },
  });
  const list = (query: Record<string, string> = {}) => ask('GET /agents', { queryStringParameters: query });
  return { list, loaded };
}

describe('the list of agents', () => {
  it('has the silent and the degraded ones by name, with what limits their view', async () => {
    const { value } = await aFleet().list();

    expect(agentList.parse(value)).toEqual(value);
    const heard = { heardAt: now, version: '1.2.0' };
    expect(value).toEqual({
      agents: [
        { thingName: 'blind', ...heard, degraded: ['hidden'], words: "can't see all processes" },
        {
          ...{ thingName: 'both', ...heard, silentAt: now, degraded: ['state'] },
          words: "can't store what must survive a restart",
        },
        { thingName: 'quiet', ...heard, silentAt: now, degraded: [] },
      ],
    });
  });

  it.each([
    ['silent', ['both', 'quiet']],
    ['degraded', ['blind', 'both']],
    ['degraded,silent', ['blind', 'both', 'quiet']],
  ])('has the %s ones only if they are asked for', async (state, expected) => {
    const { value } = await aFleet().list({ state });

    expect(value.agents.map(({ thingName }: DetectState) => thingName)).toEqual(expected);
  });

  it('has each of 10,000 once over all pages, and reads the states of one page at a time', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => aState(`pump-${index}`, ['gap']));
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { list, loaded } = aFleet(many);
      const { value } = await list(cursor === undefined ? {} : { cursor });
      expect(loaded).toHaveLength(100);
      found.push(...value.agents.map(({ thingName }: DetectState) => thingName));
      cursor = value.next;
    } while (cursor !== undefined);

    expect(found).toEqual(many.map(({ thingName }) => thingName).toSorted());
  });

  it('continues after an agent that is healthy in the meantime, and leaves out a retired one', async () => {
    const { value } = await aFleet().list({ limit: '1' });
    const later = aFleet([quiet, both]);

    expect((await later.list({ cursor: value.next })).value.agents).toHaveLength(2);
    const gone = anOperator([], { listSilent: async () => [thingKey('gone')], loadStates: async () => [] });
    expect((await gone.ask('GET /agents')).value).toEqual({ agents: [] });
  });

  it('refuses an unknown state, and a cursor that is invalid or of other states', async () => {
    const { list } = aFleet();
    const { value } = await list({ limit: '1', state: 'silent' });
    const forged = Buffer.from('[1,"silent","a b"]').toString('base64url');

    for (const [query, field] of [
      [{ state: 'old' }, 'state'],
      [{ limit: '101' }, 'limit'],
      [{ cursor: 'x' }, 'cursor'],
      [{ cursor: forged, state: 'silent' }, 'cursor'],
      [{ cursor: value.next }, 'cursor'],
    ] as const)
      expect(await list(query)).toMatchObject({
        status: 400,
        value: { field: expect.stringContaining(field) },
      });
  });
});
