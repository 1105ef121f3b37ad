import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionNames } from '../../shared/domain/actions/registry';

it('the table of actions has one row for each, in the order of the registry', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  const [, section = ''] = page.split('\n## Actions\n');
  const [table = ''] = section.split('\n## ');

  expect([...table.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name]) => name)).toEqual(actionNames);
});
