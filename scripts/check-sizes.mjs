// The bars that the project set itself: a function's bundle at most 600 KB, the agent's one file at most 1 MB.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';

const largestFunction = 600 * 1024;
const largestAgent = 1024 * 1024;
let ok = true;

for (const zip of readdirSync('.serverless').filter((name) => name.endsWith('.zip'))) {
  for (const [name, content] of Object.entries(unzipSync(readFileSync(join('.serverless', zip)))))
    check(`${zip} ${name}`, content.length, largestFunction);
}
const agent = join('dist', 'agent', 'cordon-agent.cjs');
check(agent, statSync(agent).size, largestAgent);
process.exitCode = ok ? 0 : 1;

function check(what, size, largest) {
  if (size > largest) ok = false;
  process.stdout.write(`${size > largest ? 'TOO LARGE' : 'ok'} ${what}: ${size} of ${largest} bytes\n`);
}
