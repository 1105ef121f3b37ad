import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licenses under which others may pass on what Cordon bundles or installs. */
const accepted = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
]);

/** The packages in these folders, sorted by name: folder, name, version, license. */
export function listBundled(folders, root) {
  const packages = [...new Set(folders)].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return { folder, name, version, license };
  });
  requireAccepted(packages);
  return packages.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

const nameOf = ({ name, version }) => `${name}@${version}`;

/** The licenses of what is bundled, each text once. */
export function writeLicences(bundled, root) {
  const byText = new Map();
  for (const one of bundled) {
    const files = readdirSync(join(root, one.folder)).filter((name) =>
      /^(licen[cs]e|notice|copying)/i.test(name),
    );
    const texts = files.sort().map((name) =>
      readFileSync(join(root, one.folder, name), 'utf8')
        .replaceAll('\r\n', '\n')
        .trim(),
    );
    const text = texts.join('\n\n') || `License: ${one.license}. The package has no file with its text.`;
    byText.set(text, [...(byText.get(text) ?? []), `${nameOf(one)} (${one.license})`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return `Cordon contains code of these packages, under their licenses.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** CycloneDX, by npm (listLocked): what is bundled, and what installing the package brings. The same sources make the same text. */
export function writeBillOfMaterials(bundled, bom, root) {
  const bundledRefs = new Set(bundled.map(nameOf));
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const graph = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const direct = bom.components
    .filter(({ name, version }) => dependencies[name] === version)
    .map((one) => one['bom-ref']);
  const installed = findReachable(direct, graph);
  const isKept = (ref) => bundledRefs.has(ref) || installed.has(ref);
  const components = bom.components.filter((one) => isKept(one['bom-ref']));
  const missing = [...bundledRefs].filter((ref) => !components.some((one) => one['bom-ref'] === ref));
  if (missing.length > 0)
    throw new Error(`package-lock.json lacks what is bundled: ${missing.join(', ')}: run npm ci`);
  requireAccepted(
    components.map(({ name, version, licenses = [] }) => ({ name, version, license: readLicence(licenses) })),
  );

  const { 'bom-ref': own } = bom.metadata.component;
  const { timestamp: _, ...metadata } = bom.metadata;
  const text = {
    $schema: bom.$schema,
    bomFormat: bom.bomFormat,
    specVersion: bom.specVersion,
    version: 1,
    // npm takes the name of the folder.
    metadata: { ...metadata, component: { ...metadata.component, name: 'cordon', type: 'application' } },
    components: components.map((one) => ({
      ...one,
      scope: 'required',
      properties: [
        { name: 'cordon:delivery', value: bundledRefs.has(one['bom-ref']) ? 'bundled' : 'installed' },
      ],
    })),
    dependencies: [
      { ref: own, dependsOn: [...new Set([...direct, ...bundledRefs])].sort() },
      ...bom.dependencies
        .filter(({ ref }) => isKept(ref))
        .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isKept) })),
    ],
  };
  return `${JSON.stringify(text, undefined, 2)}\n`;
}

/** All packages of package-lock.json, as npm lists them. */
export function listLocked(root) {
  const npm = process.env.npm_execpath;
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const { status, stdout, stderr } = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, options);
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout);
}

function findReachable(from, graph) {
  const found = new Set(from);
  for (const ref of found) for (const next of graph.get(ref) ?? []) found.add(next);
  return found;
}

const readLicence = ([first]) => first?.license?.id ?? first?.license?.name ?? first?.expression;

function requireAccepted(packages) {
  const isAccepted = (license) =>
    String(license)
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((all) => all.split(' AND ').every((id) => accepted.has(id)));
  const refused = packages.filter(({ license }) => !isAccepted(license));
  if (refused.length > 0)
    throw new Error(
      `licenses to look at before they ship: ${refused.map((one) => `${nameOf(one)}: ${one.license}`).join(', ')}`,
    );
}
