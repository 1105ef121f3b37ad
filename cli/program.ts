import { Command, Help, type Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { printable } from '../shared/domain/messages/announcement';
import { addCaseCommands } from './case-commands';
import { addCompletionCommands } from './completion/commands';
import { addConsoleCommand } from './console/command';
import { addDeployCommands } from './deploy/commands';
import { addDoctorCommand } from './doctor/commands';
import { addDrillCommand } from './drill/commands';
import { addDeviceCommands } from './enroll/commands';
import { exitCodeHelp } from './exit-codes';
import type { Where } from './faults';
import { say, sayAside } from './look/output';
import { openScreen } from './look/style';
import { wrapWords } from './look/wrap';
import { proposeNearest } from './nearest';
import { addOperatorCommands } from './operator-commands';
import { addStackCommands } from './stack-commands';
import type { Target, TargetOptions } from './target';

export function buildProgram() {
  const { version } = manifest;
  const program = new Command('cordon')
    .description(
      'Inspect, contain and release things. Uses the local stack while it runs here, and otherwise AWS.',
    )
    .version(version, '--version', 'print the version of Cordon')
    .option('--aws', 'use AWS even while a local stack runs here')
    .option('--stage <name>', 'stage of the deployed stack', 'dev')
    .addHelpText('after', exitCodeHelp)
    // Before the commands, which inherit all three.
    .exitOverride()
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({
      outputError: (text, write) =>
        write(writeUsageFault(text, listNames(), openScreen(process.stderr).width, listSelecting())),
    });
  const listNames = () =>
    program
      .createHelp()
      .visibleCommands(program)
      .map((one) => one.name());
  const listSelecting = () =>
    program.commands
      .filter(({ options }) => options.some(({ long }) => long === '--thing'))
      .map((one) => one.name());
  addHelpCommand(program);
  let opened: Target | undefined;
  const where = (): Where => ({
    ...program.opts<TargetOptions>(),
    isLocal: opened?.isLocal ?? false,
  });
  const target = async () => {
    const { findTarget } = await import('./target');
    opened = findTarget(program.opts<TargetOptions>());
    sayAside(opened.name);
    return opened;
  };
  const reopen = async (from: Target) => {
    const { findAgain } = await import('./target');
    const found = findAgain(program.opts<TargetOptions>(), from);
    if (found.name !== from.name) sayAside(found.name);
    return found;
  };
  const explain = async (error: unknown) => {
    const { readFault } = await import('./faults');
    return readFault(error, where(), process.env);
  };
  const ports = { version, target, reopen, explain };
  addCaseCommands(program, ports);
  addOperatorCommands(program, ports);
  addStackCommands(program, ports);
  addConsoleCommand(program, ports);
  addDeployCommands(program);
  addDeviceCommands(program, target, say);
  addDoctorCommand(program, version, target, say);
  addDrillCommand(program, target, say, sayAside);
  addCompletionCommands(program, ports);
  return { program, where };
}

/** That an option is off or empty by default goes without saying. */
function describeOption(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: (false|\[\])\)$/, '');
}

/**
 * Commander's own words, with a proposal of the nearest name; the whole help would push them off the screen. For `kill`,
 * Commander proposes `drill`. `selecting`: the commands that take a thing as an option.
 */
export function writeUsageFault(
  text: string,
  names: readonly string[],
  width?: number,
  selecting: readonly string[] = [],
): string {
  const [, raw = '', proposed = ''] = /^(.*?)(?:\n(\(Did you mean [^\n]*\)))?$/s.exec(text.trimEnd()) ?? [];
  const said = printable(raw);
  const [, unknown] = /^error: unknown command '(.*)'$/.exec(said) ?? [];
  const near = unknown === undefined ? proposed : proposeNearest(unknown, names);
  const [, tooMany = ''] = /^error: too many arguments for '(.*)'\. Expected 0 /.exec(said) ?? [];
  const hint = selecting.includes(tooMany) ? '(Give a thing as --thing NAME.)' : near;
  const lines = [
    nameArgument(said).replace(/^error: /, 'cordon: '),
    ...(hint ? [hint] : []),
    'cordon --help lists the commands, cordon help COMMAND its options.',
  ].join('\n');
  return `${wrapWords(lines, width)}\n`;
}

/** `error: command-argument value 'onn' is invalid for argument 'what'. Allowed choices are on, off.` */
function nameArgument(said: string): string {
  return said.replace(
    /^error: command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/,
    "error: '$1' is none of $3",
  );
}

/** Replaces Commander's help command, which prints the whole help if the given command does not exist. */
function addHelpCommand(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('display help for command')
    .argument('[command]')
    .action((name: string | undefined) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (!command) return program.error(`error: unknown command '${name}'`);
      command.help();
    });
}
