import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorActionDescriptors, operatorActions } from '../../shared/domain/decide/operator-actions';
import { secondPersonFor } from '../../shared/domain/decide/second-person';

const readPage = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');

it('the table of what an operator may do is what the command, the API and the channels use', () => {
  const [, section = ''] = readPage('operating.md').split('\n## What an operator may do\n');
  const [table = ''] = section.split('\n## ');

  const rows = [...table.matchAll(/^\| `[^\n]+\|$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  expect(rows).toEqual(
    operatorActions.map((action) => {
      const { description, offeredIn, emphasis, forcible } = operatorActionDescriptors[action];
      return [
        `\`${action}\``,
        description,
        offeredIn.map((status) => `\`${status}\``).join(', '),
        emphasis ?? '',
        forcible ?? '',
        secondPersonFor[action] ?? '',
      ];
    }),
  );
});

it('the page of the API names the route of each, and which of them can be forced', () => {
  const [row = ''] = /^\| `POST \/things\/\{thing\}\/[^\n]+$/m.exec(readPage('api.md')) ?? [];
  const [, route = ''] = /`POST \/things\/\{thing\}\/([^`]+)`/.exec(row) ?? [];
  const [, forced = ''] = /; ([^;]+) also take `"force":true`/.exec(row) ?? [];

  expect(route.split(', ')).toEqual(operatorActions);
  expect([...forced.matchAll(/`([a-z]+)`/g)].map(([, name]) => name)).toEqual(
    operatorActions.filter((action) => operatorActionDescriptors[action].forcible),
  );
});
