// npm ci of npm 11 refuses a lock file that names an optional dependency without an entry of its own. That happens if
// the registry, when the lock was written, did not have the builds for other platforms. `--fix` adds the entries. They
// have no checksum, and only a machine of that platform fetches them.
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = new Map();
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path === '' ? '' : `${path}/`}node_modules/${name}`;
    if (!lock.packages[nested] && !lock.packages[`node_modules/${name}`])
      missing.set(name, { version, dev: entry.dev === true });
  }
}

if (missing.size === 0) {
  process.stdout.write('ok package-lock.json has an entry for every optional dependency\n');
} else if (process.argv.includes('--fix')) {
  for (const [name, { version, dev }] of missing)
    lock.packages[`node_modules/${name}`] = describe(name, version, dev);
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`added ${missing.size} entries\n`);
} else {
  process.stdout.write(
    `package-lock.json lacks ${[...missing.keys()].join(', ')}: node scripts/check-lock.mjs --fix\n`,
  );
  process.exitCode = 1;
}

/** Packages of one platform are named after it: `@swc/core-linux-arm64-musl`. */
function describe(name, range, dev) {
  const version = range.replace(/^[~^]/, '');
  const words = name.split(/[/-]/);
  const pick = (known) => known.find((word) => words.includes(word));
  const os = words.includes('windows')
    ? 'win32'
    : pick(['android', 'darwin', 'linux', 'win32', 'freebsd', 'openharmony']);
  const cpu = pick(['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64']);
  if (!/^[\d.]+$/.test(version)) throw new Error(`${name}: ${range} names no version`);
  return {
    version,
    ...(dev && { dev }),
    optional: true,
    ...(os && { os: [os] }),
    ...(cpu && { cpu: [cpu] }),
  };
}
