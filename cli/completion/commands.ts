import { Argument, type Command, Option } from 'commander';
import type { CommandPorts } from '../cases/command-ports';
import { say } from '../look/output';
import { type Shell, shells } from './scripts';

/** Adds the script for a shell, and the command that the script asks. */
export function addCompletionCommands(program: Command, { target }: Pick<CommandPorts, 'target'>): void {
  program
    .command('completion')
    .description('print the completion script of a shell, for its startup file')
    .addArgument(new Argument('<shell>').choices(shells))
    .action(async (shell: Shell) => {
      const { writeScript } = await import('./scripts');
      say(writeScript(shell));
    });
  program
    .command('complete', { hidden: true })
    .addOption(new Option('--shell <shell>').choices(shells).makeOptionMandatory())
    .requiredOption('--line <line>')
    .action(async ({ shell, line }: { readonly shell: Shell; readonly line: string }) => {
      const [{ complete, writeProposals }, { openThings }] = await Promise.all([
        import('./complete'),
        import('./things'),
      ]);
      const proposals = await complete(program, line, openThings(target));
      if (proposals.length > 0) say(writeProposals(proposals, shell, line));
      // A call to AWS that is still open would keep the shell waiting.
      process.exit();
    });
}
