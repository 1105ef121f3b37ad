import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error';
import { detectorOption, readConfiguration, readRoots } from '../deployed';
import { writeJson } from '../json';
import { requireStage, type Target, type TargetOptions } from '../target';
import { checkTopic, type PolicyScope } from './device-policy';
import { type EnrollOptions, enroll } from './enroll';
import { enrollMany, readList } from './enroll-many';
import { writeProvisioningStack } from './provisioning';
import { type RetireOptions, retire } from './retire';

interface EnrollFlags {
  readonly list?: string;
  readonly template: boolean;
  readonly out?: string;
  readonly csr?: string;
  readonly rotate: boolean;
  readonly policy: PolicyScope;
  readonly policyName?: string;
  readonly topic: readonly string[];
  readonly rootCa?: string;
  readonly config?: string;
  readonly detector?: string;
}

/** Adds the commands that register and remove devices. `say` prints a result. */
export function addDeviceCommands(program: Command, target: () => Target, say: (text: string) => void): void {
  program
    .command('enroll')
    .description('register a thing with its own certificate, and write the files of its device')
    .argument('[thing]')
    .option('--list <file>', 'enroll many things: a file with one name on each line')
    .option('-o, --out <folder>', 'folder for the files (default: things/THING; with --list: things)')
    .option(
      '--template',
      'print a CloudFormation template for fleet provisioning by claim, and do nothing else',
      false,
    )
    .option('--csr <file>', 'certificate request from the device, which keeps its key')
    .option('--rotate', 'create another certificate, although the thing has one', false)
    .addOption(
      new Option('--policy <for>', 'one policy for the whole fleet or for each thing')
        .choices(['fleet', 'thing'])
        .default('fleet'),
    )
    .option(
      '--policy-name <name>',
      'name of the policy (default: cordon-STAGE-device; with --policy thing: cordon-STAGE-device-THING)',
    )
    .option(
      '--topic <pattern>',
      writeTopicHelp(),
      (text, before: string[]) => [...before, checkTopic(text)],
      [],
    )
    .option('--root-ca <file>', "CA certificates for the broker (default: Amazon's)")
    .option(
      '--config <file>',
      'the file that says which detector the device reports to (default: cordon.yml)',
    )
    .addOption(detectorOption())
    .action(async (thing: string | undefined, flags: EnrollFlags) => {
      if (flags.template) return say(writeTemplate(program.opts<TargetOptions>().stage, flags));
      const { text, failed } = await runEnroll(thing, flags, target());
      say(text);
      if (failed) process.exitCode = 1;
    });
  program
    .command('retire')
    .description('remove all rights of a device permanently: delete its certificates and its thing')
    .argument('<thing>')
    .option('--dry-run', 'only print what would be done', false)
    .option('--force', 'retire the thing although its case is open', false)
    .option('--keep <folder>', 'keep the thing and the certificate in this folder, to end a rotation')
    .action(async (thing: string, options: RetireOptions) =>
      say(await retire(thing, { files: join('things', thing), ...options }, open(target()))),
    );
}

function writeTopicHelp(): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder as it is typed.
  return "an application's topic, such as 'app/${thing}/*'; can be repeated";
}

function writeTemplate(stage: string, { topic, ...flags }: EnrollFlags): string {
  const { detector } = readConfiguration(flags);
  return writeJson(writeProvisioningStack(requireStage(stage), detector, topic));
}

function open({ stage, cases, openRegistry }: Target) {
  return { stage, cases, registry: openRegistry() };
}

async function runEnroll(thing: string | undefined, flags: EnrollFlags, target: Target) {
  const { list, csr, policy, policyName, topic, rotate, out } = flags;
  const configuration = readConfiguration(flags);
  const rootCa = readRoots(flags.rootCa ?? target.ca);
  const options = { rotate, scope: policy, topics: topic, rootCa, ...(policyName && { policyName }) };
  const ports = open(target);
  const enrollOne = (name: string, more: Pick<EnrollOptions, 'folder' | 'csr'>) =>
    enroll(name, { ...options, ...more }, configuration, ports);
  if ((thing === undefined) === (list === undefined))
    throw new CliError('give either a THING or --list FILE');
  if (thing !== undefined) {
    const folder = out ?? join('things', thing);
    return { text: await enrollOne(thing, { folder, ...(csr && { csr }) }), failed: false };
  }
  if (csr) throw new CliError('--csr is for one device: leave out --list');
  if (policyName && policy === 'thing')
    throw new CliError('--policy-name is for one policy: leave out --policy thing');
  return await enrollMany(readList(list ?? ''), (name) =>
    enrollOne(name, { folder: join(out ?? 'things', name) }),
  );
}
