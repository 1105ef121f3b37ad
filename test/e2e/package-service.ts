import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './harness';

export interface Packages {
  readonly directory: string;
  remove(): Promise<void>;
}

/** Packages the service as `sls package FLAGS` does, but with another cordon.yml; takes some ten seconds. */
export async function packageService(configuration: string, ...flags: readonly string[]): Promise<Packages> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-package-'));
  const file = join(folder, 'cordon.yml');
  const directory = join(folder, 'packages');
  await writeFile(file, configuration);
  const script = join(root, 'scripts', 'package-variant.mjs');
  const child = spawn(process.execPath, [script, file, directory, ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (status !== 0) throw new Error(`packaging failed: ${output}`);
  return { directory, remove: () => rm(folder, { recursive: true, force: true }) };
}
