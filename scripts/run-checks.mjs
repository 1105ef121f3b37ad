// All checks, cheapest first; each runs even if an earlier one failed, and the last line counts them all.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = (name) => join('node_modules', '.bin', name);
const folder = mkdtempSync(join(tmpdir(), 'cordon-checks-'));
const jestResult = join(folder, 'jest.json');
const roleUse = join(folder, 'role-use');

const checks = [
  ['lock file is whole', process.execPath, ['scripts/check-lock.mjs']],
  ['format, lint, import rules (biome)', bin('biome'), ['ci', '--error-on-warnings', '.']],
  ['types (tsc)', bin('tsc'), ['--noEmit', '-p', '.']],
  ['dead code and packages (knip)', bin('knip'), ['--no-config-hints']],
  ['package (sls package), agent bundle, cfn-lint', bin('tsx'), ['scripts/check-package.ts']],
  ['sizes of the bundles', process.execPath, ['scripts/check-sizes.mjs']],
];
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  join('node_modules', 'jest', 'bin', 'jest.js'),
  '--json',
  `--outputFile=${jestResult}`,
  ...process.argv.slice(2),
];

let passed = 0;
let failed = 0;
const count = (ok, what, startedAt) => {
  if (ok) passed += 1;
  else failed += 1;
  say(`${ok ? 'ok  ' : 'FAIL'} ${what} (${Math.round((performance.now() - startedAt) / 100) / 10} s)`);
};

for (const check of checks) runCheck(...check);

const startedAt = performance.now();
// Jest's JSON also goes to the file; its progress is for people and goes to standard error.
const { status } = spawnSync(process.execPath, jest, {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, CORDON_ROLE_USE: roleUse },
});
const result = readResult();
if (result) {
  passed += result.numPassedTests;
  failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  if (result.numPendingTests > 0) say(`${result.numPendingTests} tests were skipped`);
  if (result.numTotalTests === 0) failed += 1;
} else {
  failed += 1;
}
if (status !== 0 && failed === 0) failed += 1;
say(`tests (jest) ended after ${Math.round((performance.now() - startedAt) / 1000)} s`);
// A part of the tests uses a part of the rights, and one that failed perhaps too few.
if (process.argv.length > 2) say('skipped: least privilege, which only the whole suite proves');
else
  runCheck('each right of each role is used, none is missing', bin('tsx'), [
    'scripts/check-role-use.ts',
    roleUse,
  ]);
rmSync(folder, { recursive: true, force: true });
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function runCheck(what, command, args) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) say(`${stdout}${stderr}`);
  else for (const line of stdout.match(/^skipped: .*$/gm) ?? []) say(line);
  count(status === 0, what, startedAt);
}

function readResult() {
  try {
    return JSON.parse(readFileSync(jestResult, 'utf8'));
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
