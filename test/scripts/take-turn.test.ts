import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../temporary-folder';

const hooks = join(import.meta.dirname, '../../scripts/native-typescript.mjs');
const log = join(makeTemporaryFolder(), 'log');

/**
 * Each process is killed while it has the turn, so the others wait for a dead one. The dwell gives a second process
 * time to break in.
 */
const script = `
  const { appendFileSync } = await import('node:fs');
  const { setTimeout: delay } = await import('node:timers/promises');
  const { takeTurn } = await import(${JSON.stringify(join(import.meta.dirname, '../take-turn.ts'))});
  process.stdout.write('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await takeTurn('cordon-tests-turns-${process.pid}', 1);
  appendFileSync(${JSON.stringify(log)}, process.pid + ' begins\\n');
  await delay(10);
  appendFileSync(${JSON.stringify(log)}, process.pid + ' ends\\n');
  process.kill(process.pid, 'SIGKILL');`;

describe('a turn', () => {
  it('goes to one of many that wait for it if its holder is killed', async () => {
    const many = Array.from({ length: 24 }, () =>
      spawn(process.execPath, ['--import', hooks, '--input-type=module', '--eval', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(many.map(({ stdout }) => once(stdout, 'data')));
    for (const { stdin } of many) stdin.write('go');
    const ends = await Promise.all(many.map(async (child) => (await once(child, 'exit'))[1]));

    expect(ends).toEqual(many.map(() => 'SIGKILL'));
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const begun = lines.filter((line) => line.endsWith('begins'));
    expect(begun).toHaveLength(many.length);
    expect(lines).toEqual(begun.flatMap((line) => [line, line.replace('begins', 'ends')]));
  });
});
