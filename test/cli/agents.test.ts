import { type AgentFlags, type AgentReader, listAgents } from '../../cli/agents';
import type { AgentState } from '../../shared/domain/detection/agent-silence';
import { type DetectState, newDetectState } from '../../shared/domain/detection/state';
import { thingKey } from '../../shared/domain/thing-ref';
import { now } from '../builders';

const health = {
  version: '1.2.0',
  mode: 'children',
  intervalMs: 300_000,
  restarts: 0,
  spool: 0,
  degraded: [],
};
const aThing = (thingName: string, agent: Partial<AgentState> = {}): DetectState => ({
  ...newDetectState(thingKey(thingName)),
  agent: { heardAt: now, principal: 'a'.repeat(16), intervalMs: 300_000, health, ...agent },
});

const fleet = [
  aThing('well'),
  aThing('quiet', { silentAt: now + 900_000 }),
  aThing('blind', { health: { ...health, degraded: ['hidden'], notes: ['\u001b[2Jnothing'] } }),
  aThing('aged', { health: { ...health, version: '1.1.9' } }),
  aThing('nameless', { health: { ...health, version: 'unknown' } }),
  newDetectState(thingKey('another')),
];

function aReader(states: readonly DetectState[] = fleet) {
  const asked: string[] = [];
  const reader: AgentReader = {
    load: async (thingName) => states.find((state) => state.thingName === thingName),
    async *list(kinds) {
      asked.push(...kinds);
      for (const kind of kinds)
        yield states.filter(({ agent }) => (agent?.silentAt !== undefined) === (kind === 'SILENT'));
    },
  };
  return { reader, asked };
}

const list = (flags: Partial<AgentFlags> = {}, things: readonly string[] = [], { reader } = aReader()) =>
  listAgents(things, { limit: 100, ...flags }, reader, '1.2.0', now);
const namesOf = async (flags: Partial<AgentFlags>) =>
  JSON.parse((await list({ ...flags, json: true })).text).map(
    ({ thingName }: { thingName: string }) => thingName,
  );

describe('cordon agents', () => {
  it('lists agents that are silent, degraded or old, in this order, and no others', async () => {
    expect(await namesOf({})).toEqual(['quiet', 'blind', 'aged', 'nameless']);
    expect((await list()).isWell).toBe(false);
  });

  it.each([
    ['nothing of one that reported two intervals ago', 2 * 300_000, undefined],
    ['that one is late that missed a report', 2 * 300_000 + 30_000, true],
  ])('says %s, since its thing may be retired', async (_, ago, late) => {
    const { reader } = aReader([aThing('well', { heardAt: now - ago })]);
    const [row] = JSON.parse((await list({ all: true, json: true }, [], { reader, asked: [] })).text);

    expect(row.late).toBe(late);
    const { text } = await list({ all: true }, [], { reader, asked: [] });
    expect(text.includes('late: soon silent, unless its thing is contained or retired')).toBe(late ?? false);
  });

  it.each<[string, Partial<AgentFlags>, readonly string[]]>([
    ['--silent', { silent: true }, ['quiet']],
    ['--degraded', { degraded: true }, ['blind']],
    ['--old', { old: true }, ['aged', 'nameless']],
    ['--old with an earlier version', { old: '1.1.9' }, ['nameless']],
    ['--old with a later version', { old: '2' }, ['quiet', 'blind', 'aged', 'nameless', 'well']],
    ['two of them', { silent: true, degraded: true }, ['quiet', 'blind']],
    ['--all', { all: true }, ['quiet', 'blind', 'aged', 'nameless', 'well']],
  ])('lists by %s', async (_, flags, expected) => {
    expect((await namesOf(flags)).toSorted()).toEqual(expected.toSorted());
  });

  it('reads only the silent agents if only they are requested', async () => {
    const kept = aReader();
    await list({ silent: true }, [], kept);

    expect(kept.asked).toEqual(['SILENT']);
  });

  it('reports success if all selected agents are healthy', async () => {
    expect(await list({}, [], aReader([aThing('well')]))).toEqual({
      text: '0 of 1 agent is listed. --all lists the healthy ones too.',
      isWell: true,
    });
    expect((await list({ degraded: true }, ['quiet'])).isWell).toBe(true);
  });

  it('shows the agent of a named thing, in printable characters', async () => {
    const { text } = await list({}, ['blind']);

    expect(text).toContain('degraded: hidden');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('reports each 5 minutes');
  });

  it('shows a large fleet up to a limit, and says how many there are', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => aThing(`pump${index}`, { silentAt: now }));
    const { text } = await list({ limit: 3 }, [], aReader(many));

    expect(text.split('\n')).toHaveLength(5);
    expect(text).toContain('and 9997 more: --limit 10000 shows them, --json shows all');
    expect(JSON.parse((await list({ json: true }, [], aReader(many))).text)).toHaveLength(10_000);
  });

  it.each([
    ['a thing whose agent never reported', ['another'], {}, 'no agent of another has ever reported'],
    ['a name that no thing has', ['a b'], {}, 'is not a thing name'],
    ['a version that is none', [], { old: 'new' }, '--old new: expected a version'],
  ])('refuses %s', async (_, things, flags, message) => {
    await expect(list(flags, things)).rejects.toThrow(message);
  });
});
