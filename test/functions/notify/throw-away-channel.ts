import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A channel that rings bells over HTTP, all of it: what a copy of the sources gets beside the line in the registry. */

const descriptor = `
import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';

const section = z.strictObject({
  tower: z.string().check(z.regex(/^[a-z]{1,20}$/, 'expected the name of a tower such as north')),
});

export const bell = {
  title: 'Bell',
  shows: 'a peal for each case',
  section,
  listTold: ({ tower }) => [\`Bell of the \${tower} tower\`],
  delivery: 'function',
  audience: 'people',
  secret: { id: 'BellRope', name: 'bell-rope', what: 'the rope of the bells', example: 'ROPE' },
  endpoint: { url: 'https://bells.example.com/', what: 'Base of the bells' },
  limits: { gapMs: 500, answerMs: 2_000 },
  rights: ({ tower }) => [{ actions: ['events:PutEvents'], service: 'events', resource: \`event-bus/\${tower}\` }],
} as const satisfies ServedDescriptor<z.output<typeof section>>;
`;

const channel = `
import { clip } from '../../../../shared/domain/text';
import { printable } from '../../../../shared/domain/messages/announcement';
import { titleOf } from '../../../../shared/domain/messages/describe-state';
import { type Channel, ChannelBusyError, ChannelRefusalError } from '../../delivery/channel';

export interface Bells {
  readonly secret: string;
  readonly url: string;
  readonly tower: string;
}

export const nowhere = {};

export function connectBells({ secret, url, tower }: Bells): Channel {
  return {
    async show(newest, _state, { call }) {
      await call(async () => {
        const answer = await fetch(new URL(\`\${tower}/\${encodeURIComponent(newest.caseId)}\`, url), {
          method: 'PUT',
          headers: { 'content-type': 'application/json', authorization: \`Bearer \${secret}\` },
          body: JSON.stringify({ text: clip(printable(\`\${titleOf(newest)}: \${newest.text}\`), 500) }),
          signal: AbortSignal.timeout(60_000),
        });
        if (answer.status === 429)
          throw new ChannelBusyError('Bell', Number(answer.headers.get('retry-after')) || 1);
        if (answer.status >= 500) throw new Error(\`the bells answered \${answer.status}\`);
        if (!answer.ok) throw new ChannelRefusalError('Bell', String(answer.status));
      });
      return { place: nowhere };
    },
  };
}
`;

const index = `
import { serve } from '../../serve';
import { connectBells, nowhere } from './bells';
import { bell } from './descriptor';

export const handler = serve({
  name: 'bell',
  descriptor: bell,
  nowhere,
  connect: ({ secret, endpoint, section: { tower } }) => connectBells({ secret, url: endpoint, tower }),
});
`;

const standIn = `
import { connectBells, nowhere } from '../../../../../functions/notify/channels/bell/bells';
import type { StandIn } from '../../../../contract/channel-contract';
import { startBellService } from '../../bell-service';

export async function startStandIn(): Promise<StandIn> {
  const service = await startBellService('ROPE');
  return {
    url: service.url,
    nowhere,
    connect: (url) => connectBells({ secret: 'ROPE', url, tower: 'north' }),
    shown: () => [...service.texts().values()],
    findHazards: () => [],
    close: service.close,
  };
}
`;

const root = join(import.meta.dirname, '../../..');
const sources = ['shared', 'functions', 'infra', 'package.json', 'tsconfig.json', 'serverless.yml'];

/** A copy of the sources with that channel and of the folders beside them, and what removes it. */
export function copyWithBell(...beside: readonly string[]): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-new-channel-'));
  for (const source of [...sources, ...beside])
    cpSync(join(root, source), join(folder, source), { recursive: true });
  for (const linked of ['node_modules', 'local', 'cli', 'console', 'scripts', 'dist'])
    symlinkSync(join(root, linked), join(folder, linked));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('functions/notify/channels/bell/descriptor.ts', descriptor);
  write('functions/notify/channels/bell/bells.ts', channel);
  write('functions/notify/channels/bell/index.ts', index);
  write('test/functions/notify/channels/bell/stand-in.ts', standIn);
  const registry = 'functions/notify/channels/registry.ts';
  const text = readFileSync(join(folder, registry), 'utf8');
  const added = text.replace(/^ {2}slack,$/m, '  slack,\n  bell,');
  if (added === text) throw new Error(`${registry} has no line of slack to put another behind`);
  write(registry, `import { bell } from './bell/descriptor';\n${added}`);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
