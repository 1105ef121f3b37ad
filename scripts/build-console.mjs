// Builds console/ into dist/console, unless no source changed since the last time: node scripts/build-console.mjs
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { hashSources } from '../infra/bundling/kept-bundles.cjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'dist', 'console');
const stamp = 'sources.sha256';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page loads its own files and calls its own origin, and nothing else. A server may add origins to `connect-src`. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** One file compresses better than ten, and the second view that somebody opens is there already. */
const codeSplitting = {
  includeDependenciesRecursively: false,
  groups: [
    {
      name: 'views',
      test: /console\/(views\/(case|thing|fleet|audit|rules|messages)|replay\/(try-change|outcome)|parts\/(timeline|agent-health|earlier-cases|thing-facts|groups|changes|process-tree|metric|chart)|operator-actions\/(action-dialog|comment-and-assign|send|follow)|words\/(sentence|process-tree|proof|violation|rules))\./,
    },
  ],
};

/** The page reads YAML and writes none. Only a key that is a list or a map would be written, and no schema here knows one. */
const leaveOutWriting = {
  name: 'leave-out-writing',
  enforce: 'pre',
  load(id) {
    if (!/node_modules\/yaml\/browser\/dist\/(stringify\/|parse\/cst-(stringify|visit))/.test(id))
      return undefined;
    const [, names = ''] = /^export \{ (.+) \};$/m.exec(readFileSync(id, 'utf8')) ?? [];
    return names
      .split(', ')
      .map((name) => `export const ${name} = () => '(a list or a map)';`)
      .join('\n');
  },
};

/** The hash of everything in the page, and of how it is built. The code of the replay comes from the other folders. */
const hash = hashSources(root, [
  ...['console', 'shared', 'package-lock.json'],
  join('functions', 'notify', 'channels'),
  join('scripts', 'build-console.mjs'),
]);
if (!isBuilt()) await build();

function isBuilt() {
  const file = join(folder, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === hash;
}

async function build() {
  // Otherwise Vite puts the paths of the sources into the page, as in the tests, whose NODE_ENV is another.
  process.env.NODE_ENV = 'production';
  // Loaded only now, since mostly nothing has changed.
  const { build: bundle } = await import('vite');
  mkdirSync(join(root, 'dist'), { recursive: true });
  // Whole or not at all: another process may look for it at the same time.
  const work = mkdtempSync(join(root, 'dist', 'building-console-'));
  const packages = new Set();
  try {
    await bundle({
      configFile: false,
      root: join(root, 'console'),
      base: '/console/',
      logLevel: 'warn',
      plugins: [leaveOutWriting, listPackages(packages)],
      build: {
        outDir: work,
        emptyOutDir: true,
        target: 'es2022',
        // A data: URL would need an exception in the content security policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        cssCodeSplit: false,
        reportCompressedSize: false,
        rolldownOptions: { output: { codeSplitting } },
      },
    });
    const described = describeFiles(work);
    writeFileSync(join(work, 'files.json'), JSON.stringify(described));
    writeFileSync(join(work, 'packed.json'), JSON.stringify({ files: packFiles(work, described) }));
    // For the licenses and the bill of materials of the npm package.
    writeFileSync(join(work, 'packages.json'), JSON.stringify([...packages].sort()));
    writeFileSync(join(work, stamp), hash);
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(work, folder);
    } catch (error) {
      // Another process was quicker.
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Collects the folders of the packages that the page contains code of. */
function listPackages(packages) {
  const generateBundle = (_options, bundle) => {
    for (const { modules = {} } of Object.values(bundle))
      for (const [id, { renderedLength }] of Object.entries(modules)) {
        const [found] = /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
        if (found && renderedLength > 0) packages.add(found);
      }
  };
  return { name: 'name-packages', generateBundle };
}

/** Each file with its headers, so that every server of the page sends the same. */
function describeFiles(work) {
  const files = readdirSync(work, { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(work, name)).isFile())
    .sort();
  return Object.fromEntries(
    files.map((name) => {
      const type = types[extname(name)];
      if (type === undefined) throw new Error(`${name}: scripts/build-console.mjs has no type for it`);
      const isPage = name.endsWith('.html');
      return [
        name,
        {
          'content-type': type,
          // The name of every file but the page has a hash of what is in it.
          'cache-control': isPage ? 'no-store' : 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'same-origin',
          ...(isPage && {
            'content-security-policy': contentSecurityPolicy,
            'cross-origin-opener-policy': 'same-origin',
          }),
        },
      ];
    }),
  );
}

/** All files for the function that serves them on AWS, which has them in its bundle. */
function packFiles(work, described) {
  return Object.fromEntries(
    Object.entries(described).map(([name, headers]) => {
      const content = readFileSync(join(work, name));
      const etag = `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
      return [name, { headers, etag, brotli: brotliCompressSync(content).toString('base64') }];
    }),
  );
}
