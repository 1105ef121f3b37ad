import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { toPascalCase } from '../../functions/notify/channels/names';
import { completeTemplate } from '../../infra/deploy/complete-template';
import { listFunctions } from '../../infra/template/roles';
import { writeTags } from '../../infra/template/tags';
import { writeResources } from '../../infra/template/write-resources';
import { loadConfiguration, readSource } from '../../shared/config/load';
import type { Parameters } from '../../shared/config/parameters';
import { root } from './harness';

export interface Packages {
  readonly directory: string;
  remove(): Promise<void>;
}

/**
 * Makes the package of another cordon.yml from the package of the checkout, in a hundredth of the time of `sls
 * package`, because the code is the same. test/infra/bundling/packaging.test.ts compares both.
 */
export async function packageService(configuration: string, parameters: Parameters = {}): Promise<Packages> {
  const { folder, file, directory } = await openFolder(configuration);
  const packaged = join(root, '.serverless');
  mkdirSync(directory);
  const templateFile = 'cloudformation-template-update-stack.json';
  const template = JSON.parse(readFileSync(join(packaged, templateFile), 'utf8'));
  const shipped = join(root, 'cordon.yml');
  const gone = listGone(listFunctionsOf(shipped), listFunctionsOf(file, parameters));
  const old = writeResources('dev', {}, shipped);
  const replaced = replaceResources(template, old, writeResources('dev', parameters, file));
  for (const id of Object.keys(template.Resources))
    if (gone.some((prefix) => ofFunction(prefix).test(id))) delete replaced.Resources[id];
  completeTemplate(replaced, writeTags('dev', parameters.tags));
  const settings = new Map([
    ['configuration.json', strToU8(JSON.stringify(loadConfiguration(file, parameters)))],
    ['source.json', strToU8(JSON.stringify(readSource(file, parameters)))],
  ]);
  for (const zip of readdirSync(packaged).filter((name) => name.endsWith('.zip'))) {
    const content = unzipSync(readFileSync(join(packaged, zip)));
    for (const name of Object.keys(content))
      content[name] = settings.get(basename(name)) ?? content[name] ?? strToU8('');
    const made = zipSync(content, { level: 0 });
    writeFileSync(join(directory, zip), made);
    const owner = replaced.Resources[`${toPascalCase(zip.replace(/\.zip$/, ''))}LambdaFunction`];
    if (owner) owner.Metadata = { CodeSha256: createHash('sha256').update(made).digest('base64') };
  }
  writeFileSync(join(directory, templateFile), JSON.stringify(replaced));
  return { directory, remove: () => rm(folder, { recursive: true, force: true }) };
}

const listFunctionsOf = (file: string, parameters?: Parameters) =>
  listFunctions(loadConfiguration(file, parameters)).map(toPascalCase);

/** Functions of channels that only the checkout's cordon.yml names; there is no code of others. */
function listGone(old: readonly string[], next: readonly string[]): string[] {
  const missing = next.filter((name) => !old.includes(name));
  if (missing.length > 0) throw new Error(`${missing} is not in the packages of the checkout`);
  return old.filter((name) => !next.includes(name));
}

/** Logical ids that osls gives to the resources of a function. */
const ofFunction = (name: string) =>
  new RegExp(`^${name}(LambdaFunction|LogGroup|LambdaPermission|EventSourceMapping|EventsRule)`);

async function openFolder(configuration: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-package-'));
  const file = join(folder, 'cordon.yml');
  await writeFile(file, configuration);
  return { folder, file, directory: join(folder, 'packages') };
}

/** All but the description, which is the same for each cordon.yml. */
type Sections = Omit<ReturnType<typeof writeResources>, 'Description'>;

/** Replaces the parts of a template that depend on one cordon.yml by those of another one. */
function replaceResources<T extends Sections>(template: T, old: Sections, next: Sections): T {
  const replaced = { ...template };
  for (const section of ['Parameters', 'Conditions', 'Resources', 'Outputs'] as const) {
    const left = Object.entries(template[section]).filter(([id]) => !Object.hasOwn(old[section], id));
    Object.assign(replaced, { [section]: { ...Object.fromEntries(left), ...next[section] } });
  }
  return replaced;
}
