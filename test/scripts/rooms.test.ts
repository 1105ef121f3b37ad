import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { groupBy } from '../../shared/domain/group-by';

const root = join(import.meta.dirname, '..', '..');

/** Folders whose subfolders are rooms; a file beside them belongs to none. */
const houses = [
  'agent',
  'cli',
  'console',
  'functions',
  'functions/notify',
  'local',
  'local/aws',
  'shared',
  'shared/domain',
];

/** Which rooms of a house import which others, each with the files that do. */
function readArrows(house: string): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(join(root, house), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(tsx?|mjs|cjs)$/.test(file),
  );
  const arrows = files.flatMap((file) => {
    const text = readFileSync(join(root, house, file), 'utf8');
    const imported = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path = '']) =>
      normalize(join(dirname(file), path)),
    );
    return imported
      .filter((path) => path.includes('/') && !path.startsWith('..'))
      .map((path) => [roomOf(file), roomOf(path), file] as const)
      .filter(([from, to]) => from !== undefined && to !== undefined && from !== to);
  });
  const byRooms = groupBy(arrows, ([from, to]) => `${from} -> ${to}`);
  return new Map(
    [...byRooms].map(([rooms, found]) => [rooms, [...new Set(found.map(([, , file]) => file))]]),
  );
}

function roomOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

describe.each(houses)('the rooms of %s', (house) => {
  it('import one another one way only', () => {
    const arrows = readArrows(house);

    const back = [...arrows].filter(([rooms]) => {
      const [from, to] = rooms.split(' -> ');
      return arrows.has(`${to} -> ${from}`);
    });
    expect(Object.fromEntries(back)).toEqual({});
  });
});

/** All that a module imports, itself and by what it imports. */
function reach(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(join(root, file), 'utf8');
  for (const [, path = ''] of text.matchAll(/from '([^']+)'/g))
    if (path.startsWith('.')) reach(`${normalize(join(dirname(file), path))}.ts`, found);
    else found.add(path);
  return found;
}

describe('the descriptors of the channels', () => {
  it('import one another, what belongs to a section of cordon.yml, rules and the schema library only, as the stack, the command and the configuration read them', () => {
    const reached = [...reach('functions/notify/channels/registry.ts')];

    const beyond = reached.filter(
      (name) =>
        name !== 'zod/mini' &&
        !/^functions\/notify\/channels\/(([a-z-]+\/)?(descriptor|template)|registry)\.ts$/.test(name) &&
        // How `cordon doctor` asks the service, with a way to ask that it is given.
        !/^functions\/notify\/channels\/[a-z-]+\/(examination|membership)\.ts$/.test(name) &&
        name !== 'functions/notify/routes/schema.ts' &&
        !name.startsWith('shared/domain/'),
    );
    expect(beyond).toEqual([]);
    expect(reached).toContain('functions/notify/channels/slack/descriptor.ts');
  });
});

it('finds the arrows that are there', () => {
  expect(readArrows('shared/domain').get('decide -> case')?.length).toBeGreaterThan(3);
});

it('the agent guards its configuration against deep YAML as Cordon guards cordon.yml', () => {
  const [ofAgent, ofCordon] = ['agent', 'shared'].map((room) =>
    readFileSync(join(root, room, 'config', 'nesting.ts'), 'utf8'),
  );

  expect(ofAgent).toBe(ofCordon);
});
