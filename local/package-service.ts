import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from './start-error';

/** The sources of the packages, and the scripts that make them. */
const sources = [
  'functions',
  'shared',
  'infra',
  'agent',
  'console',
  'scripts/build-console.mjs',
  'cordon.yml',
  'serverless.yml',
  'package.json',
  'package-lock.json',
];

/** Runs `sls package`, bundles the agent and builds the console, unless nothing changed since the last time. */
export async function packageService(root: string, onWork: (what: string) => void): Promise<void> {
  const hash = hashSources(root);
  const stamp = join(root, '.serverless', 'cordon-sources.sha256');
  const artifacts = [
    stamp,
    join(root, '.serverless', 'cloudformation-template-update-stack.json'),
    agentBundle(root),
  ];
  const isPackaged = artifacts.every((file) => existsSync(file)) && (await readFile(stamp, 'utf8')) === hash;
  // Builds the page first, because the package of a function contains it. Reads cordon.yml before the packager does,
  // because the packager would add a stack trace to its one-line errors.
  await Promise.all([
    run(root, [join('scripts', 'build-console.mjs')], 'the console could not be built'),
    ...(isPackaged ? [] : [run(root, [join('bin', 'cordon.mjs'), 'check'])]),
  ]);
  if (isPackaged) return;
  onWork('packaging the service (sls package) and the agent');
  await Promise.all([
    run(root, [bin(root, 'osls'), 'package'], 'sls package failed'),
    run(
      root,
      ['infra/bundling/build-agent.mjs', ...(await readCustomMetrics(root))],
      'the agent could not be bundled',
    ),
  ]);
  await writeFile(stamp, hash);
}

export function agentBundle(root: string): string {
  return join(root, 'dist', 'agent', 'cordon-agent.cjs');
}

/** The metrics that the agent collects by default are those of cordon.yml. */
async function readCustomMetrics(root: string): Promise<string[]> {
  const { parse } = await import('yaml');
  const configuration = parse(await readFile(join(root, 'cordon.yml'), 'utf8'));
  return Object.keys(configuration?.customMetrics ?? {});
}

/** Hashes a thousand small files synchronously, because handing each one to a thread takes longer than reading it. */
function hashSources(root: string): string {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of listFiles(join(root, source)))
      hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function listFiles(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw new StartError(
      `${path} is missing: restore it with git checkout, or clone the repository again`,
      error,
    );
  }
}

function bin(root: string, name: string): string {
  const file = join(root, 'node_modules', '.bin', name);
  if (!existsSync(file)) throw new StartError(`${name} is not installed: run npm ci`);
  return file;
}

/** Runs a script on this Node; what it printed is shown only when it fails, and alone if it says all. */
function run(root: string, args: string[], fault?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      // Node keeps what it compiled of the packager, which is most of its time.
      env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'dist', 'compile-cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => reject(new StartError(`${fault ?? args[0]}: ${String(error)}`, error)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new StartError(fault ? `${fault}:\n${output.trim()}` : output.trim().replace(/^cordon: /, '')),
        );
    });
  });
}
