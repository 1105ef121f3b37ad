import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeAgentPackages } from './agent-packages.mjs';
import { build } from './esbuild.cjs';

// Usage: node infra/bundling/build-agent.mjs [--packages] [--release VERSION] [--outfile FILE] [METRIC...]
// Writes the bundle, and with --packages a Debian package and a tarball beside it. Without metrics they come from
// CORDON_DEFAULT_METRICS (a JSON array, or names with commas between them).

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const largestBytes = 1024 * 1024;
const metricName = /^(?!aws:)[a-zA-Z0-9:_-]{1,128}$/;

// A reader that exits early, such as head, ends no build.
process.stdout.on('error', () => {});

/** @returns {never} */
function refuse(text) {
  process.stderr.write(`build-agent: ${text}\n`);
  process.exit(2);
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        outfile: { type: 'string', default: join(root, 'dist/agent/cordon-agent.cjs') },
        packages: { type: 'boolean', default: false },
        release: { type: 'string' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    // The message of Node goes on with a hint about arguments that begin with a hyphen.
    return refuse(`${error.message.split('. ')[0]}; there are --packages, --release and --outfile`);
  }
}

const { values: flags, positionals } = readFlags();

/** @returns {string[]} */
function readMetrics() {
  if (positionals.length > 0) return positionals;
  const text = process.env.CORDON_DEFAULT_METRICS?.trim() ?? '';
  if (!text.startsWith('[')) return text === '' ? [] : text.split(',').map((name) => name.trim());
  try {
    return JSON.parse(text);
  } catch {
    return refuse(
      `CORDON_DEFAULT_METRICS=${text}: expected a JSON array of names, or names with commas between them`,
    );
  }
}

const metrics = readMetrics();
const wrong = metrics.find((name) => typeof name !== 'string' || !metricName.test(name));
if (wrong !== undefined)
  refuse(`${JSON.stringify(wrong)} is not a name of a custom metric (1 to 128 of a-z A-Z 0-9 : _ -)`);

const version = flags.release ?? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
if (!/^\d[\w.+~]*$/.test(version))
  refuse(`${JSON.stringify(version)} is not a version of a Debian package, such as 1.2.3`);

const { SOURCE_DATE_EPOCH: epoch } = process.env;
if (epoch !== undefined && !/^\d{1,11}$/.test(epoch))
  refuse(`SOURCE_DATE_EPOCH=${epoch}: expected seconds since 1970, a whole number`);
const { outfile } = flags;

/** Leaves out the parts of MQTT.js for browsers, WebSockets and proxies: the agent would load them and uses none. */
const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:ws|socks|worker-timers)$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['agent/cli/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node18',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  // The copy for browsers of what Node has anyway.
  alias: { 'readable-stream': 'node:stream' },
  plugins: [leaveOut],
  metafile: true,
  logLevel: 'warning',
  banner: { js: '#!/usr/bin/env node' },
  define: {
    CORDON_DEFAULT_METRICS: JSON.stringify(metrics),
    CORDON_AGENT_VERSION: JSON.stringify(version),
  },
});
const bytes = Object.values(metafile.outputs)[0]?.bytes ?? 0;
if (bytes > largestBytes) {
  process.stderr.write(
    `build-agent: ${outfile} has ${bytes} bytes, more than ${largestBytes}: leave out a package that it bundles\n`,
  );
  process.exit(1);
}
process.stdout.write(`${outfile} ${bytes} bytes, default metrics: ${metrics.join(' ') || 'none'}\n`);
if (flags.packages) {
  const packages = await writeAgentPackages({ bundle: outfile, version, directory: dirname(outfile) });
  for (const path of packages) process.stdout.write(`${path} ${statSync(path).size} bytes\n`);
}
