import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listChannels } from '../../functions/notify/channels/registry';

it('the table of channels is what their descriptors say', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/channels.md'), 'utf8');

  const rows = [...page.matchAll(/^\| `[^\n]+\|$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  expect(rows).toEqual(
    listChannels().map(({ name, descriptor }) => {
      const { secret, buttons } =
        descriptor.delivery === 'function' ? descriptor : { secret: undefined, buttons: undefined };
      return [
        `\`${name}\``,
        descriptor.shows,
        secret ? `\`/cordon-STAGE/${secret.name}\`` : 'none',
        buttons ? 'yes' : 'no',
      ];
    }),
  );
});
