// The bars that the project set itself: a function's bundle at most 600 KB, the agent's one file at most 1 MB, all of the
// console at most 150 KB as browsers load it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import './build-console.mjs';

const largestFunction = 600 * 1024;
const largestAgent = 1024 * 1024;
const largestConsole = 150 * 1024;
const agent = join('dist', 'agent', 'cordon-agent.cjs');
const zips = existsSync('.serverless')
  ? readdirSync('.serverless').filter((name) => name.endsWith('.zip'))
  : [];
if (zips.length === 0 || !existsSync(agent)) {
  process.stderr.write(
    'check-sizes: nothing is packaged: run npm run package and npm run build:agent first\n',
  );
  process.exit(2);
}
let ok = true;

for (const zip of zips) {
  for (const [name, content] of Object.entries(unzipSync(readFileSync(join('.serverless', zip)))))
    check(`${zip} ${name}`, content.length, largestFunction);
}
check(agent, statSync(agent).size, largestAgent);
const assets = join('dist', 'console', 'assets');
const zipped = readdirSync(assets).map(
  (name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length,
);
check(
  'console, gzipped',
  zipped.reduce((sum, size) => sum + size, 0),
  largestConsole,
);
process.exitCode = ok ? 0 : 1;

function check(what, size, largest) {
  if (size > largest) ok = false;
  process.stdout.write(`${size > largest ? 'TOO LARGE' : 'ok'} ${what}: ${size} of ${largest} bytes\n`);
}
