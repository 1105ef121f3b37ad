// npm run release: the npm package in dist/release, with its checksum, its bill of materials and the licenses.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askRegistry, judgeAudit } from './audit.mjs';
import { hashFiles } from './hash-files.mjs';
import { refuseArguments } from './refuse-arguments.mjs';

refuseArguments('release');
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = join(root, 'dist', 'release');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { status } = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);
const made = join(root, 'dist', 'package');
cpSync(join(made, 'sbom.cdx.json'), join(folder, `cordon-${version}.cdx.json`));
cpSync(join(made, 'THIRD-PARTY-LICENSES.txt'), join(folder, `cordon-${version}-third-party-licenses.txt`));
const bom = JSON.parse(readFileSync(join(made, 'sbom.cdx.json'), 'utf8'));
const { vulnerable, lines } = judgeAudit(askRegistry(root), bom);
process.stderr.write(`${lines.map((line) => `release: ${line}`).join('\n')}\n`);
if (vulnerable) process.exitCode = 1;
const sums = hashFiles(folder);
writeFileSync(join(folder, 'SHA256SUMS'), sums);
process.stdout.write(sums);
