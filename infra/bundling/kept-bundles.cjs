// Keeps what was bundled of a checkout beside its packages, for the next run of the same sources.
const { createHash } = require('node:crypto');
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} = require('node:fs');
const { join } = require('node:path');

/** Everything that goes into the bundles, and the scripts that make them. */
const sources = [
  ...['functions', 'shared', 'infra', 'console', 'tsconfig.json', 'package.json'],
  join('scripts', 'build-console.mjs'),
  join('node_modules', '.package-lock.json'),
];
const keptOfEach = 4;
/** The hash of each root, since one run asks for several kinds. */
const hashes = new Map();

/**
 * The folder of what the sources of this checkout make: made before (`isMade`), or to be made in `making` first. `more` is a
 * hash of what else goes into this kind.
 */
function openKept(root, kind, more = '') {
  const cache = join(root, 'node_modules', '.cache', 'cordon', kind);
  if (!hashes.has(root)) hashes.set(root, hashSources(root, sources).slice(0, 16));
  const folder = join(cache, hashes.get(root) + more);
  if (existsSync(folder)) return { folder, isMade: true };
  mkdirSync(cache, { recursive: true });
  return { folder, isMade: false, cache, making: mkdtempSync(join(cache, 'making-')) };
}

/** Moves the result to its place; if two runs finish at once, the first one wins. */
function closeKept({ folder, cache, making }) {
  try {
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  const versions = readdirSync(cache)
    .filter((name) => !name.startsWith('making-'))
    .map((name) => ({ version: join(cache, name), at: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { version } of versions.slice(keptOfEach)) rmSync(version, { recursive: true, force: true });
}

/** One hash of all files of these places, named from the root. */
function hashSources(root, places) {
  const hash = createHash('sha256');
  for (const source of places)
    for (const file of listFiles(join(root, source)))
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
  return hash.digest('hex');
}

/** All files below a folder, or the file itself, in the same order on every machine. */
function listFiles(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

module.exports = { openKept, closeKept, hashSources, listFiles };
