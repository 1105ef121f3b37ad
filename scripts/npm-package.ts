import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { run } from './run';

const packed = z.array(z.object({ files: z.array(z.object({ path: z.string() })), integrity: z.string() }));

/** The files that a user of the package needs. */
const shipped =
  /^(LICENSE|README\.md|CHANGELOG\.md|SECURITY\.md|package\.json|cordon\.yml|bin\/cordon\.mjs|docs\/.+|dist\/package\/.+)$/;

/** The same sources make the same package, whether built again or from the bundles that the tests run: files and archive. */
export function checkNpmPackage(folder: string): string {
  const again = join(folder, 'again');
  run(process.execPath, ['scripts/build-package.mjs']);
  run(process.execPath, ['scripts/build-package.mjs', '--kept', again]);
  const sums = (place: string) => readFileSync(join(place, 'SHA256SUMS'), 'utf8');
  if (sums(join('dist', 'package')) !== sums(again))
    throw new Error(`two builds of the npm package differ: compare SHA256SUMS of dist/package and ${again}`);
  const named = readdirSync(again, { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(join(again, name)).isFile() && readFileSync(join(again, name)).includes(process.cwd()),
  );
  if (named.length > 0)
    throw new Error(`files of the npm package have the path of the checkout: ${named.join(', ')}`);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [first, second] = packed.parse(JSON.parse(run('npm', [...pack, '.', './'])));
  if (first === undefined || first.integrity !== second?.integrity)
    throw new Error('npm pack makes two archives of the same files');
  const foreign = first.files.filter(({ path }) => !shipped.test(path)).map(({ path }) => path);
  if (foreign.length > 0) throw new Error(`the npm package has files of the checkout: ${foreign.join(', ')}`);
  const wanted = [
    'bin/cordon.mjs',
    'dist/package/cli/main.mjs',
    'dist/package/service/serverless.yml',
    'docs/iam/doctor.json',
  ];
  const missing = wanted.filter((name) => !first.files.some(({ path }) => path === name));
  if (missing.length > 0) throw new Error(`the npm package lacks ${missing.join(', ')}`);
  return `two builds of the npm package have the same bytes: ${first.files.length} files, ${first.integrity}`;
}
