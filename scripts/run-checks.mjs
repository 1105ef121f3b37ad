// All checks; each runs even if another one failed, and the last line counts them all. --quick: what takes a minute.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listFailures } from './list-failures.mjs';

/** Lets Node run a script in TypeScript directly, because the loader of tsx takes longer than some scripts. */
const typeScript = ['--import', './scripts/native-typescript.mjs'];
/** Checks keep here what they find out about a file, for the next run if the file has not changed. */
const cache = join('node_modules', '.cache', 'cordon');
const bin = (name) => join('node_modules', '.bin', name);

// A reader that exits early, such as head, ends no check.
process.stdout.on('error', () => {});

// Without the garbage collector of Go, tsc takes a third less processor time, and a tenth more memory. Two tests run it as well.
process.env.GOGC ??= 'off';
// And esbuild on one processor a tenth less than on two, which other checks and tests have work for.
process.env.GOMAXPROCS ??= '1';
const isQuick = process.argv[2] === '--quick';
const jestArgs = process.argv.slice(isQuick ? 3 : 2);
// Jest has a --help of its own, which would run all checks and no test.
if (jestArgs.includes('--help') || jestArgs.includes('-h')) {
  say(`usage: npm ${isQuick ? 'run test:quick' : 'test'} -- [PATH...] [options of Jest]
Runs all checks, and the tests of the named paths, or all tests. npm run jest -- PATH runs only tests.`);
  process.exit();
}
const folder = mkdtempSync(join(tmpdir(), 'cordon-checks-'));
const jestResult = join(folder, 'jest.json');
const roleUse = join(folder, 'role-use');

const quickChecks = [
  ['format, lint, import rules (biome)', bin('biome'), ['ci', '--error-on-warnings', '.']],
  ['types (tsc)', bin('tsc'), checkTypes('.')],
  ['types of the console (tsc)', bin('tsc'), checkTypes('console')],
];
const checks = [
  ['lock file is whole', process.execPath, ['scripts/check-lock.mjs']],
  [
    'dead code and packages (knip)',
    bin('knip'),
    ['--no-config-hints', '--cache', '--cache-location', join(cache, 'knip')],
  ],
];
// Most tests run what this makes.
const packaging = [
  'the service packages (sls package), the agent and the console build',
  process.execPath,
  ['local/start.mjs', '--package'],
];
const checksOfPackage = [
  ['sizes of the bundles', process.execPath, ['scripts/check-sizes.mjs']],
  [
    'packages of all that a cordon.yml can ask for, npm package',
    process.execPath,
    [...typeScript, 'scripts/check-package.ts'],
  ],
];
const jest = [
  join('node_modules', 'jest', 'bin', 'jest.js'),
  // Jest would take a test file after this flag for another reporter.
  '--reporters=<rootDir>/scripts/test-progress.cjs',
  '--json',
  `--outputFile=${jestResult}`,
  ...(isQuick ? ['--config=jest.quick.config.cjs'] : []),
  ...jestArgs,
];

let passed = 0;
let failed = 0;
const failedChecks = [];
const count = (ok, what, startedAt, output) => {
  if (ok) passed += 1;
  else {
    failed += 1;
    failedChecks.push({ what, output });
  }
  say(`${ok ? 'ok  ' : 'FAIL'} ${what} (${Math.round((performance.now() - startedAt) / 100) / 10} s)`);
};

const startedAt = performance.now();
say(
  isQuick
    ? 'About a minute on two cores.'
    : 'About four minutes on two cores; a line for each file of tests.',
);
// The checks run beside each other, because some of them wait: the tests begin as soon as the package exists.
const beside = [...quickChecks, ...(isQuick ? [] : checks)].map((check) => runCheck(...check));
if (!isQuick) {
  // The packaging goes first: all tests wait for it, and nothing waits for the other checks.
  await runCheck(...packaging, 0);
  beside.push(...checksOfPackage.map((check) => runCheck(...check)));
}
const [status] = await Promise.all([runTests(), ...beside]);
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
say(`ended after ${Math.round((performance.now() - startedAt) / 1000)} s`);
// Some of the tests use only some of the rights, and a failed test may have used too few.
if (isQuick || jestArgs.length > 0) say('skipped: least privilege, which only the whole suite proves');
else
  await runCheck('each right of each role is used, none is missing', process.execPath, [
    ...typeScript,
    'scripts/check-role-use.ts',
    roleUse,
  ]);
rmSync(folder, { recursive: true, force: true });
for (const line of listFailures(failedChecks, result, process.cwd())) say(line);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Jest's JSON also goes to the file; its progress is for people and goes to standard error. */
async function runTests() {
  const child = spawn(process.execPath, jest, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, CORDON_ROLE_USE: roleUse },
  });
  const [status] = await once(child, 'close');
  return status;
}

/**
 * The tests often wait for their processes, so they have priority over the checks, but the checks must not be left for
 * the end.
 */
async function runCheck(what, command, args, priority = 5) {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: resolve('dist', 'compile-cache') },
  });
  // Under `nice`, only root may go back to 0.
  if (priority > 0 && child.pid !== undefined) setPriority(child.pid, priority);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  const [status] = await once(child, 'close');
  if (status !== 0) say(output);
  else for (const line of output.match(/^skipped: .*$/gm) ?? []) say(line);
  count(status === 0, what, startedAt, output);
}

function checkTypes(project) {
  const kept = join(cache, `types-${project === '.' ? 'all' : project}.tsbuildinfo`);
  // One thread: beside other checks more of them cost half as much again. Of the same sources it finds the same.
  return ['--noEmit', '-p', project, '--singleThreaded', '--incremental', '--tsBuildInfoFile', kept];
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
