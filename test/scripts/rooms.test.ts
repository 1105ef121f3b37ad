import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { groupBy } from '../../shared/domain/group-by';

const root = join(import.meta.dirname, '..', '..');

/** Folders whose subfolders are rooms; of the files beside them, only the one that a room is named after belongs to it. */
const houses = [
  '.',
  'agent',
  'cli',
  'cli/doctor',
  'console',
  'functions',
  'functions/notify',
  'infra',
  'local',
  'local/aws',
  'shared',
  'shared/domain',
];

/** The rooms of the project itself, without tests and built files. */
const rooms = 'agent bench bin cli console functions infra local proof scripts shared'.split(' ');

/** Each channel has a section in cordon.yml, which its own folder describes; `shared/config` reads the descriptors. */
const exceptions = ['shared -> functions'];

function listFiles(house: string): readonly string[] {
  const found =
    house === '.'
      ? rooms.flatMap((room) => listFiles(room).map((file) => join(room, file)))
      : readdirSync(join(root, house), { recursive: true, encoding: 'utf8' });
  return found.filter((file) => /\.(tsx?|mjs|cjs)$/.test(file));
}

/** Which rooms of a house import which others, each with the files that do. */
function readArrows(house: string): ReadonlyMap<string, readonly string[]> {
  const files = listFiles(house);
  const named = new Set(files.flatMap((file) => roomOf(file) ?? []));
  const roomAt = (path: string) => roomOf(path) ?? (named.has(nameOf(path)) ? nameOf(path) : undefined);
  const arrows = files.flatMap((file) => {
    const text = readFileSync(join(root, house, file), 'utf8');
    const imported = [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path = '']) =>
      normalize(join(dirname(file), path)),
    );
    return imported
      .filter((path) => !path.startsWith('..'))
      .map((path) => [roomAt(file), roomAt(path), file] as const)
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

function nameOf(path: string): string {
  return path.replace(/\.\w+$/, '');
}

/** The arrows that end where they begin, over however many rooms. */
function findCircles(arrows: ReadonlyMap<string, readonly string[]>): Record<string, readonly string[]> {
  const pairs = [...arrows.keys()].map((arrow) => arrow.split(' -> '));
  const leadsTo = (from: string | undefined, to: string | undefined, seen = new Set<string>()): boolean =>
    pairs.some(([start, end = '']) => {
      if (start !== from || seen.has(end)) return false;
      return end === to || leadsTo(end, to, seen.add(end));
    });
  return Object.fromEntries(
    [...arrows].filter(([arrow]) => {
      const [from, to] = arrow.split(' -> ');
      return leadsTo(to, from);
    }),
  );
}

describe.each(houses)('the rooms of %s', (house) => {
  it('import one another one way only', () => {
    const arrows = readArrows(house);

    expect(findCircles(new Map([...arrows].filter(([arrow]) => !exceptions.includes(arrow))))).toEqual({});
  });
});

it('finds a circle of three rooms', () => {
  const arrows = new Map(['a -> b', 'b -> c', 'c -> a', 'c -> d'].map((arrow) => [arrow, []]));

  expect(Object.keys(findCircles(arrows))).toEqual(['a -> b', 'b -> c', 'c -> a']);
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
        // How `cordon doctor` asks the channel's service, through a function that it is given.
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
