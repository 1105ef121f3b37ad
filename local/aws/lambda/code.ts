import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';

interface Code {
  /** The folder that Lambda would mount as the task root. */
  readonly taskRoot: string;
  /** The hash of the package, as Lambda shows it; a folder has none. */
  readonly sha256?: string;
}

/** A `.zip` is unpacked below `directory`. */
export async function unpackCode(codePath: string, directory: string): Promise<Code> {
  const found = await stat(codePath).catch(() => undefined);
  if (!found) throw new Error(`the package ${codePath} is missing: make it with npm start -- --package`);
  if (found.isDirectory()) return { taskRoot: path.resolve(codePath) };
  return unpackZip(await readFile(codePath), directory);
}

/** Unpacks a package into a folder below `directory` that its content names, unless it is there already. */
export async function unpackZip(zip: Uint8Array, directory: string): Promise<Code> {
  const hash = createHash('sha256').update(zip).digest();
  const taskRoot = path.resolve(directory, hash.toString('hex').slice(0, 16));
  const code = { taskRoot, sha256: hash.toString('base64') };
  if (await isFolder(taskRoot)) return code;
  await mkdir(directory, { recursive: true });
  // Lambda's task root has no package.json above it. Without this one, the project's own `"type": "module"`
  // would make Node read CommonJS bundles as ES modules.
  await writeFile(path.resolve(directory, 'package.json'), '{}\n');
  const made = await mkdtemp(`${taskRoot}-`);
  const entries = Object.entries(unzipSync(zip));
  await Promise.all(entries.map(([entry, content]) => writeEntry(made, entry, content)));
  try {
    await rename(made, taskRoot);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    // Another stack that shares the folder was faster.
    if (!(await isFolder(taskRoot))) throw error;
  }
  return code;
}

const isFolder = async (place: string) => (await stat(place).catch(() => undefined))?.isDirectory() === true;

async function writeEntry(taskRoot: string, name: string, content: Uint8Array): Promise<void> {
  const target = path.resolve(taskRoot, name);
  if (!target.startsWith(taskRoot + path.sep))
    throw new Error(`the package for ${taskRoot} has an entry that leads out of its folder: ${name}`);
  if (name.endsWith('/')) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
}
