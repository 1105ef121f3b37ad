import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Folders at the root that have source files of this project. */
const folders = [
  'agent',
  'bench',
  'cli',
  'console',
  'functions',
  'infra',
  'local',
  'proof',
  'scripts',
  'shared',
];

/** The other folders at the root that the files of a folder import. */
function listImported(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => /\.(ts|tsx|mjs|cjs)$/.test(file) && !file.includes('node_modules'));
  const imported = files.flatMap((file) =>
    [
      ...readFileSync(join(root, file), 'utf8').matchAll(
        /(?:from|import|import\(|require\(|loadTypescript\() ?'(\.{1,2}\/[^']+)'/g,
      ),
    ].map(([, path = '']) => normalize(join(dirname(file), path))),
  );
  const names = imported.map((path) => path.slice(0, path.indexOf('/')));
  return [...new Set(names)]
    .filter((name) => name !== folder && name !== '..' && existsSync(join(root, name)))
    .toSorted();
}

const imports = new Map([...folders, 'test'].map((folder) => [folder, listImported(folder)]));

it('the folders at the root import one another one way only, but for what channels say of themselves', () => {
  const back = folders.flatMap((from) =>
    (imports.get(from) ?? []).flatMap((to) => (imports.get(to)?.includes(from) ? [`${from} -> ${to}`] : [])),
  );
  // cordon.yml has a section for each channel (functions/notify/channels/registry.ts).
  expect(back).toEqual(['functions -> shared', 'shared -> functions']);
});

it.each([...imports])('the README of %s says which folders it imports', (folder, imported) => {
  const text = readFileSync(join(root, folder, 'README.md'), 'utf8');
  const [, said = ''] = /^Imports: (.+)$/m.exec(text) ?? [];
  const named = [...said.matchAll(/`([a-z]+)\/`/g)].map(([, name]) => name);

  expect(named.toSorted()).toEqual(imported);
  expect(said === 'nothing of the other folders.').toBe(imported.length === 0);
});

it('each folder at the root with source files is one of them', () => {
  const known = new Set([...imports.keys(), 'bin', 'dist', 'docs', 'node_modules']);
  const others = readdirSync(root, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !known.has(entry.name),
  );
  expect(others.map(({ name }) => name)).toEqual([]);
});
