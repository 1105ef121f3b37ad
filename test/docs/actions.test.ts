import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionNames, descriptors } from '../../shared/domain/actions/registry';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');

it('the page about operators names the actions that need no playbook to name them', () => {
  const [, listed = ''] =
    /takes the actions that a playbook names, and\n(.*?)\.\n/s.exec(readPage('operating.md')) ?? [];

  expect([...listed.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name)).toEqual(
    actionNames.filter((name) => !descriptors[name].needsNaming),
  );
});

it('the table of actions is what their descriptors say', () => {
  const [, section = ''] = readPage('configuration.md').split('\n## Actions\n');
  const [table = ''] = section.split('\n## ');
  const rows = [...table.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\| (.*?) +\|$/gm)];

  expect(rows.map(([, name, does, release]) => [name, does, release])).toEqual(
    actionNames.map((name) => [name, descriptors[name].words.does, descriptors[name].words.release]),
  );
});
