// npm run package:check: packages the service, once as cordon.yml says and once with all that a cordon.yml can ask for, and
// lints what CloudFormation would get with cfn-lint, if that is installed (pip install cfn-lint). Builds the npm package
// twice, and compares both byte by byte.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { checkNpmPackage } from './npm-package';
import { refuseArguments } from './refuse-arguments.mjs';
import { run } from './run';

refuseArguments('package:check');
const report = z.array(
  z.object({
    Filename: z.string(),
    Message: z.string(),
    Rule: z.object({ Id: z.string() }),
    Location: z.object({ Start: z.object({ LineNumber: z.number() }) }),
  }),
);

/** Whatever a cordon.yml can ask for, at once. */
const everything = 'test/infra/template/everything.yml';

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

  return lint(
    ['.serverless', variant].flatMap((place) =>
      readdirSync(place)
        .filter((name) => /^cloudformation-template-.*\.json$/.test(name))
        .map((name) => join(place, name)),
    ),
  );
}

/** Whether cfn-lint finds anything in templates. It takes as long as some tests, so the same templates are linted once a week. */
function lint(all: readonly string[]): boolean {
  // The template that makes the bucket of a deploy is the same for each cordon.yml.
  const templates = [...new Map(all.map((file) => [readTemplate(file), file])).values()];
  const stamp = join('node_modules', '.cache', 'cordon', 'cfn-lint', hashTemplates(templates));
  const before = statSync(stamp, { throwIfNoEntry: false });
  if (before && Date.now() - before.mtimeMs < 7 * 24 * 60 * 60 * 1000) {
    say(
      `ok cfn-lint found nothing in the same ${templates.length} templates at ${before.mtime.toISOString()}`,
    );
    return false;
  }
  const { stdout, stderr, error } = spawnSync('cfn-lint', ['--format', 'json', '--', ...templates], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) {
    say('skipped: cfn-lint is not installed (pip install cfn-lint)');
    return false;
  }
  const found = parseReport(stdout, stderr);
  for (const { Filename, Location, Rule, Message } of found)
    say(`${Filename}:${Location.Start.LineNumber}: ${Rule.Id} ${Message}`);
  if (found.length > 0) return true;
  say(`ok cfn-lint finds nothing in ${templates.length} templates`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  return false;
}

function hashTemplates(templates: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of templates) hash.update(readTemplate(file)).update('\0');
  return hash.digest('hex');
}

/** A template without the time of the packaging, which is part of the name of each upload. */
function readTemplate(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/\/\d{13}-[^/]*\//g, '/TIME/');
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
