import type { Command } from 'commander';
import { detectorOption } from '../detector-option';
import { exitCodes } from '../exit-codes';
import { writeJson } from '../json';
import { sayWords } from '../look/output';
import { requireThingName } from '../require-thing';
import type { Target } from '../target';

interface DoctorFlags {
  readonly sendTest: boolean;
  readonly json: boolean;
  readonly config?: string;
  readonly detector?: string;
}

/** Adds `cordon doctor`. `say` writes an answer. */
export function addDoctorCommand(
  program: Command,
  version: string,
  target: () => Promise<Target>,
  say: (text: string) => void,
): void {
  program
    .command('doctor')
    .description('check the deployed stack, and the named things or a sample of the fleet; changes nothing')
    .argument('[things...]')
    .option('--send-test', 'also send a test message to each channel', false)
    .option('--json', 'print JSON', false)
    .option('--config <file>', 'the cordon.yml that was deployed (default: cordon.yml)')
    .addOption(detectorOption())
    .addHelpText(
      'after',
      '\nExits 0 if there is no problem, 6 if there is one, otherwise as `cordon --help` says.',
    )
    .action(async (things: string[], flags: DoctorFlags) => {
      const [{ listChecks }, { openDoctor }, { runChecks, writeFindings }, { readConfiguration }] =
        await Promise.all([
          import('./doctor'),
          import('./open'),
          import('./finding'),
          import('../read-configuration'),
        ]);
      for (const thing of things) requireThingName(thing);
      const { sendTest } = flags;
      const configuration = readConfiguration(flags);
      const options = { configuration, things, sendTest, version, now: Date.now() };
      const found = await target();
      const findings = await runChecks(
        await listChecks(options, { ...found, ...openDoctor(found.stage, found.settings, configuration) }),
        found,
      );
      if (flags.json) say(writeJson(findings));
      else sayWords(writeFindings(findings));
      if (findings.some(({ level }) => level === 'problem')) process.exitCode = exitCodes.unwell;
    });
}
