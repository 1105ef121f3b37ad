import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';

/** Gives the folder that Lambda would mount as the task root; a `.zip` is unpacked below `directory`. */
export async function unpackCode(codePath: string, directory: string, functionName: string): Promise<string> {
  const found = await stat(codePath).catch(() => undefined);
  if (!found) throw new Error(`The package ${codePath} is missing: run \`sls package\``);
  if (found.isDirectory()) return path.resolve(codePath);
  return unpackZip(await readFile(codePath), directory, functionName);
}

/** Unpacks a package into a folder `name` of its own below `directory`. */
export async function unpackZip(zip: Uint8Array, directory: string, name: string): Promise<string> {
  const taskRoot = path.resolve(directory, name);
  await rm(taskRoot, { recursive: true, force: true });
  await mkdir(taskRoot, { recursive: true });
  // Lambda's task root has no package.json above it. Without this one, the project's own `"type": "module"`
  // would make Node read CommonJS bundles as ES modules.
  await writeFile(path.resolve(directory, 'package.json'), '{}\n');
  const entries = Object.entries(unzipSync(zip));
  await Promise.all(entries.map(([entry, content]) => writeEntry(taskRoot, entry, content)));
  return taskRoot;
}

async function writeEntry(taskRoot: string, name: string, content: Uint8Array): Promise<void> {
  const target = path.resolve(taskRoot, name);
  if (!target.startsWith(taskRoot + path.sep))
    throw new Error(`The package has an entry outside itself: ${name}`);
  if (name.endsWith('/')) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
}
