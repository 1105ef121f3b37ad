// Packages the service with another cordon.yml, without touching the checkout's own .serverless, which a running stack or
// test may be reading: node scripts/package-variant.mjs CONFIG OUTPUT_FOLDER [FLAGS OF sls package]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [config, output, ...flags] = process.argv.slice(2);
if (!config || !output)
  fail('usage: node scripts/package-variant.mjs CONFIG OUTPUT_FOLDER [FLAGS OF sls package]');

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
mkdirSync(resolve(output, '..'), { recursive: true });
// Beside the output, so that the result can be moved there.
const work = mkdtempSync(join(resolve(output, '..'), 'packaging-'));
try {
  for (const source of ['functions', 'shared', 'infra', 'serverless.yml', 'package.json', 'tsconfig.json'])
    cpSync(join(root, source), join(work, source), { recursive: true });
  // The page of the console is built where its sources are.
  for (const linked of ['node_modules', 'console', 'scripts', 'dist'])
    symlinkSync(join(root, linked), join(work, linked));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', '.bin', 'osls'), 'package', ...flags],
    {
      cwd: work,
      env: {
        ...process.env,
        CORDON_CONFIG: resolve(config),
        // Node keeps what it compiled of the packager, which is most of its time.
        NODE_COMPILE_CACHE: join(root, 'dist', 'compile-cache'),
      },
      encoding: 'utf8',
    },
  );
  if (status !== 0) fail(`${stdout}${stderr}`);
  rmSync(output, { recursive: true, force: true });
  renameSync(join(work, '.serverless'), output);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function fail(message) {
  process.stderr.write(`package-variant: ${message}\n`);
  process.exit(1);
}
