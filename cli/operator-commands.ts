import { type Command, Option } from 'commander';
import { actionNames } from '../shared/domain/actions/registry';
import {
  mostCharacters,
  type OperatorAction,
  operatorActionDescriptors,
  operatorActions,
} from '../shared/domain/decide/operator-actions';
import type { ActionFlags } from './cases/act-on-each';
import type { CommandPorts } from './cases/command-ports';
import { readCount, readSeconds, readText, readThings, severityOption } from './options';

/** Adds one command for each thing that an operator may do. */
export function addOperatorCommands(program: Command, ports: CommandPorts): void {
  for (const name of operatorActions) addOperatorCommand(program, name, ports);
}

function addOperatorCommand(program: Command, name: OperatorAction, { target, explain }: CommandPorts): void {
  const { description, forcible, needs } = operatorActionDescriptors[name];
  const comment = new Option('-c, --comment <text>', 'the reason, for the timeline').argParser(
    readText(needs === 'comment' ? 1 : 0, mostCharacters.comment),
  );
  const command = program
    .command(name)
    .description(description)
    .argument('[things...]')
    .addOption(needs === 'comment' ? comment.makeOptionMandatory() : comment)
    .option('--actor <name>', 'who decided (default: your login name)', readText(1, mostCharacters.person))
    .option('--wait <seconds>', 'how long to wait for the outcome; 0 does not wait', readSeconds, 60);
  if (forcible) command.option('--force', `act ${forcible}`);
  if (needs === 'actions')
    command.addOption(
      new Option('--actions <names...>', 'what to add')
        .choices(actionNames)
        .default(['deactivate-certificate']),
    );
  if (name === 'assign')
    command.option(
      '--to <name>',
      'who takes the case; empty for nobody (default: you)',
      readText(0, mostCharacters.person),
    );
  command
    .option('--all', 'every case that the command applies to and the options below select; needs --expect')
    .option(
      '--expect <cases>',
      'with --all: how many cases you expect; if another number matches, the command does nothing',
      readCount,
    )
    .option('--behavior <name>', 'with --all: only with this behavior: NAME or PROFILE/NAME')
    .addOption(severityOption('with --all: only these'))
    .option(
      '--thing <name>',
      'with --all: only this thing; a star stands for the rest of a name: sensor-*',
      readThings,
    )
    .option('--group <name>', 'with --all: only things of this thing group')
    .option('--json', 'print one JSON object on a line for each thing')
    .action(async (things: string[], flags: ActionFlags) => {
      const { runAction } = await import('./cases/act-on-each');
      await runAction(name, things, flags, { target, explain });
    });
}
