import { type Command, Option } from 'commander';
import { detectorOption } from '../detector-option';
import { sayWords } from '../look/output';
import type { Target, TargetOptions } from '../target';
import { checkTopic } from './device-policy';
import type { RetireOptions } from './retire';
import type { EnrollFlags } from './run';

/** Adds the commands that register and remove devices. `say` prints a result. */
export function addDeviceCommands(
  program: Command,
  target: () => Promise<Target>,
  say: (text: string) => void,
): void {
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
    .option('--rotate', 'create another certificate, even if the thing has one', false)
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
      const { runEnroll, writeTemplate } = await import('./run');
      if (flags.template) return say(writeTemplate(program.opts<TargetOptions>().stage, flags));
      const { text, exitCode } = await runEnroll(thing, flags, await target());
      sayWords(text);
      if (exitCode !== 0) process.exitCode = exitCode;
    });
  program
    .command('retire')
    .description('remove all rights of a device permanently: delete its certificates and its thing')
    .argument('<thing>')
    .option('--dry-run', 'only print what would be done', false)
    .option('--force', 'retire the thing even if it has an open case', false)
    .option('--keep <folder>', 'keep the thing and the certificate in this folder, to end a rotation')
    .action(async (thing: string, options: RetireOptions) => {
      const { runRetire } = await import('./run');
      sayWords(await runRetire(thing, options, await target()));
    });
}

function writeTopicHelp(): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder as it is typed.
  return "an application's topic, such as 'app/${thing}/*'; can be repeated";
}
