import type { Command, Option } from 'commander';
import { isList } from '../options';
import type { Shell } from './scripts';

interface Proposal {
  readonly value: string;
  readonly about?: string;
}

/** Names of things that a command may be for; none if they can't be had at once. */
export type ThingFinder = (command: string, prefix: string) => Promise<readonly string[]>;

/** The proposals for a line whose last word is being typed; none for a file or other text. */
export async function complete(
  program: Command,
  line: string,
  findThings: ThingFinder,
): Promise<readonly Proposal[]> {
  const [, ...words] = splitLine(line);
  const current = words.pop() ?? '';
  const { command, operands, open } = walk(program, words);
  const proposals = await propose();
  return proposals.filter(({ value }) => value.startsWith(current));

  async function propose(): Promise<readonly Proposal[]> {
    if (open) return open.long === '--thing' ? nameThings() : listValues(open, current).map(only);
    if (current.startsWith('-')) return listOptions(program, command);
    if (command === program)
      return program
        .createHelp()
        .visibleCommands(program)
        .map((one) => ({ value: one.name(), about: one.description() }));
    const known = command?.registeredArguments ?? [];
    const argument = known[operands] ?? (known.at(-1)?.variadic ? known.at(-1) : undefined);
    if (argument?.argChoices) return argument.argChoices.map(only);
    return /\bthings?$/.test(argument?.name() ?? '') ? nameThings() : [];
  }

  async function nameThings(): Promise<readonly Proposal[]> {
    return (await findThings(command?.name() ?? '', current)).map(only);
  }
}

/** The values for a list: each continues the name that is being typed, behind those before it. */
function listValues(option: Option, current: string): readonly string[] {
  const names = option.argChoices ?? [];
  if (!isList(option)) return names;
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const given = before.split(',');
  return names.filter((name) => !given.includes(name)).map((name) => before + name);
}

function only(value: string): Proposal {
  return { value };
}

/** The command that the words name, how many operands it has so far, and the option that waits for its value. */
function walk(program: Command, words: readonly string[]) {
  let command: Command | undefined = program;
  let operands = 0;
  let open: Option | undefined;
  for (const word of words) {
    if (open) open = undefined;
    else if (word.startsWith('-')) {
      const option = [...program.options, ...(command?.options ?? [])].find(
        ({ short, long }) => word === short || word === long,
      );
      open = option?.required ? option : undefined;
    } else if (command !== program) operands += 1;
    // `help` names a command itself.
    else if (word !== 'help') command = program.commands.find((one) => one.name() === word);
  }
  return { command, operands, open };
}

function listOptions(program: Command, command: Command | undefined): Proposal[] {
  const help = program.createHelp();
  const all = [...(command ? help.visibleOptions(command) : []), ...help.visibleOptions(program)];
  const byName = new Map(all.flatMap((option) => (option.long ? [[option.long, option] as const] : [])));
  return [...byName].map(([value, { description }]) => ({ value, about: description }));
}

/** Splits as a shell does, as far as names and options need it. The last word is the one that is being typed. */
function splitLine(line: string): string[] {
  const words = [...line.matchAll(/(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|\\.|[^\s"'\\])+/g)].map(([word]) =>
    word.replace(/["']|\\(?=.)/g, ''),
  );
  return /\s$/.test(line) ? [...words, ''] : words;
}

/** One proposal a line, as the shell's script expects it. */
export function writeProposals(proposals: readonly Proposal[], shell: Shell, line: string): string {
  const current = splitLine(line).at(-1) ?? '';
  return proposals
    .map(({ value, about }) => {
      // bash replaces what follows the last of these characters only.
      if (shell === 'bash')
        return value.slice(Math.max(current.lastIndexOf(':'), current.lastIndexOf('=')) + 1);
      if (shell === 'zsh') return `${value.replaceAll(':', '\\:')}${about ? `:${about}` : ''}`;
      return about ? `${value}\t${about}` : value;
    })
    .join('\n');
}
