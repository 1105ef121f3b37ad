import type { Command } from 'commander';
import { detectorOption } from '../detector-option';
import { exitCodes } from '../exit-codes';
import { writeJson } from '../json';
import { sayWords } from '../look/output';
import type { Target } from '../target';
import type { DrillFlags } from './run';

/** Adds `cordon drill`. `say` writes an answer, `sayAside` a line of progress. */
export function addDrillCommand(
  program: Command,
  target: () => Promise<Target>,
  say: (text: string) => void,
  sayAside: (text: string) => void,
): void {
  program
    .command('drill')
    .description(
      'prove that a device is contained and released: create a thing, play a violation with it, and delete it',
    )
    .option(
      '--behavior <profile/name>',
      'the behavior to violate (default: the first one of an enforcing playbook)',
    )
    .option('--policies', 'wait until the policies have spread (minutes), and try each way once more', false)
    .option(
      '--wait-detect',
      'wait until Device Defender raises the alarm (up to 20 minutes); without it, the drill publishes the alert',
      false,
    )
    .option('--force', 'run even while things are being contained', false)
    .option(
      '--endpoint <host[:port]>',
      "where devices connect by MQTT, such as a custom domain (default: the account's endpoint)",
    )
    .option('--json', 'print the result as JSON', false)
    .option('--root-ca <file>', "CA certificates for the broker (default: Amazon's)")
    .option('--config <file>', 'the cordon.yml that was deployed (default: cordon.yml)')
    .addOption(detectorOption())
    .addHelpText(
      'after',
      '\nExits 0 only if no step failed, 6 if one did, and 130 after Ctrl-C, which cleans up first.',
    )
    .action(async (flags: DrillFlags) => {
      const [{ runDrill }, { writeDrill }] = await Promise.all([import('./run'), import('./steps')]);
      const result = await runDrill(flags, await target(), sayAside);
      if (flags.json) say(writeJson(result));
      else sayWords(writeDrill(result));
      if (!result.held) process.exitCode = process.exitCode ?? exitCodes.unwell;
    });
}
