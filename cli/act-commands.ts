import { type Command, Option } from 'commander';
import { actionNames } from '../shared/domain/actions/registry';
import { operatorActionDescriptors, operatorActions } from '../shared/domain/decide/operator-actions';
import type { ActOptions } from './act';
import type { CommandPorts } from './command-ports';
import { say, sayAside } from './look/output';
import { readSeconds } from './options';

type ActFlags = Omit<ActOptions, 'waitSeconds'> & { readonly wait: number };

/** Adds one command for each thing that an operator may do. */
export function addActCommands(program: Command, { target, explain }: CommandPorts): void {
  for (const name of operatorActions) {
    const { description, forcible, needs } = operatorActionDescriptors[name];
    const command = program
      .command(name)
      .description(description)
      .argument('<things...>')
      .option('-c, --comment <text>', 'the reason, for the timeline')
      .option('--actor <name>', 'who decided (default: your login name)')
      .option('--wait <seconds>', 'how long to wait for the outcome; 0 does not wait', readSeconds, 60)
      .action(async (things: string[], { wait, ...options }: ActFlags) => {
        const { act } = await import('./act');
        const { actOnEach } = await import('./act-on-each');
        const to = await target();
        await actOnEach(things, (thing) => act(name, thing, { ...options, waitSeconds: wait }, to), {
          explain,
          say,
          sayAside,
        });
      });
    if (forcible) command.option('--force', forcible);
    if (needs === 'actions')
      command.addOption(
        new Option('--actions <names...>', 'what to add').choices(actionNames).makeOptionMandatory(),
      );
    if (name === 'assign') command.option('--to <name>', 'who is on it; empty for nobody (default: you)');
  }
}
