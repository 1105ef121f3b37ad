// npm run package:check: packages the service, once as cordon.yml says and once with all that a cordon.yml can ask for, and
// lints what CloudFormation would get with cfn-lint, where that is installed (pip install cfn-lint). Builds the npm package
// twice, and compares both byte by byte.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { checkNpmPackage } from './npm-package';
import { run } from './run';

const report = z.array(
  z.object({
    Filename: z.string(),
    Message: z.string(),
    Rule: z.object({ Id: z.string() }),
    Location: z.object({ Start: z.object({ LineNumber: z.number() }) }),
  }),
);

/** Whatever a cordon.yml can ask for, at once. */
const everything = 'test/infra/everything.yml';

const folder = mkdtempSync(join(tmpdir(), 'cordon-check-package-'));
try {
  const failed = checkPackage();
  if (failed) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Whether anything was found. */
function checkPackage(): boolean {
  run(process.execPath, ['local/start.mjs', '--package']);
  const variant = join(folder, 'packages');
  run(process.execPath, ['scripts/package-variant.mjs', everything, variant]);
  say('ok the service packages, as cordon.yml says and with all that one can ask for');
  say(`ok ${checkNpmPackage(folder)}`);

  const version = spawnSync('cfn-lint', ['--version'], { encoding: 'utf8' });
  if (version.error) {
    say('skipped: cfn-lint is not installed (pip install cfn-lint)');
    return false;
  }
  const templates = ['.serverless', variant].flatMap((place) =>
    readdirSync(place)
      .filter((name) => /^cloudformation-template-.*\.json$/.test(name))
      .map((name) => join(place, name)),
  );
  const { stdout, stderr } = spawnSync('cfn-lint', ['--format', 'json', '--', ...templates], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = parseReport(stdout, stderr);
  for (const { Filename, Location, Rule, Message } of found)
    say(`${Filename}:${Location.Start.LineNumber}: ${Rule.Id} ${Message}`);
  if (found.length === 0) say(`ok ${version.stdout.trim()} finds nothing in ${templates.length} templates`);
  return found.length > 0;
}

function parseReport(stdout: string, stderr: string): z.infer<typeof report> {
  try {
    return report.parse(JSON.parse(stdout || '[]'));
  } catch (cause) {
    throw new Error(`cfn-lint answered no report: ${stderr || stdout.slice(0, 500)}`, { cause });
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
