import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../cli/program';
import { listCommands, listPages, listSpans, root } from './pages';

/**
 * Commands that a page names in its text. They can't run there, so this compares them with the scripts and options that
 * exist.
 */
interface Named {
  readonly page: string;
  readonly command: string;
}

const named = listPages().flatMap((page): Named[] =>
  listSpans(page)
    .filter((span) => /^(aws|cordon|npm|npx|node) /.test(span))
    .map((span) => ({ page: page.path, command: span.replace(/^npx cordon /, 'cordon ') })),
);

const listFlags = (text: string): string[] => [
  ...new Set([...text.matchAll(/(?<=^|[\s[,])--?[a-z][\w-]*/gi)].map(([flag]) => flag)),
];

const helps = new Map<string, Promise<string>>();

/** The help of `cordon`, or of one of its commands. */
function readCordonHelp(...names: readonly string[]): string {
  let command: Command | undefined = buildProgram().program;
  for (const name of names) command = command?.commands.find((one) => one.name() === name);
  return command?.helpInformation() ?? '';
}

/** The help of a program of the repository. */
function readHelp(...args: readonly string[]): Promise<string> {
  const key = args.join(' ');
  const help = helps.get(key) ?? askForHelp(args);
  helps.set(key, help);
  return help;
}

async function askForHelp(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [...args, '--help'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let help = '';
  child.stdout.on('data', (chunk: Buffer) => {
    help += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} --help ended with ${code}`);
  return help;
}

/** Has the AWS CLI, if it is a Python package (version 1), read all command lines in one process: its start takes the longest. */
const readAll = `
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
driver = create_clidriver()
said = []
for args in json.load(sys.stdin):
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        try: status = driver.main(args)
        except SystemExit as end: status = end.code
    said.append('' if status == 0 else err.getvalue() or f'ended with {status}')
json.dump(said, sys.stdout)
`;

/** Commands of npm itself. */
const ofNpm = ['audit', 'ci', 'install', 'pack'];

describe('a command in the text of a page', () => {
  it('of cordon exists, with its flags', async () => {
    const main = readCordonHelp();
    const known = [...main.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name = '']) => name);
    const used = new Map<string, string[]>();
    for (const { command } of named)
      if (command.startsWith('cordon ')) {
        const [name = ''] = command
          .split(' ')
          .slice(1)
          .filter((word) => !word.startsWith('--'));
        used.set(name, [...(used.get(name) ?? []), ...listFlags(command)]);
      }

    expect(known).toContain('release');
    // The program itself has flags as well: `cordon --version`.
    expect([...used.keys()].filter((name) => name !== '' && !known.includes(name))).toEqual([]);
    const unknown = [...used].map(async ([name, flags]) => {
      if (flags.length === 0) return [];
      const help = listFlags(main + (name === '' ? '' : readCordonHelp(name)));
      return flags.filter((flag) => !help.includes(flag)).map((flag) => `cordon ${name} ${flag}`);
    });
    expect((await Promise.all(unknown)).flat()).toEqual([]);
  }, 120_000);

  it('of npm is a script, with its flags', async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const wrong = named
      .filter(({ command }) => command.startsWith('npm '))
      .map(async ({ page, command }) => {
        const [, name = '', rest = ''] =
          /^npm (?:run )?(?:--silent )?([\w:-]+)(?: --silent)?(?: -- (.*))?$/.exec(command) ?? [];
        if (ofNpm.includes(name)) return [];
        const script = scripts[name];
        if (script === undefined) return [`${page}: ${command}`];
        const flags = listFlags(rest);
        if (flags.length === 0) return [];
        const program = script.replace(/^node /, '');
        const help = listFlags(await readHelp(...program.split(' ')));
        return flags.filter((flag) => !help.includes(flag)).map((flag) => `${page}: ${command}: ${flag}`);
      });

    expect((await Promise.all(wrong)).flat()).toEqual([]);
  }, 120_000);

  it('of npm installs missing packages before it runs, like every command of the blocks', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const everywhere = listPages().flatMap((page) => [...listCommands(page), ...listSpans(page)]);
    const used = everywhere.flatMap((command) => {
      const [, name] = /^npm (?:run )?(?:--silent )?([\w:-]+)/.exec(command) ?? [];
      return name === undefined || ofNpm.includes(name) ? [] : [name];
    });

    expect(used).toContain('start');
    const bare = [...new Set(used)].filter((name) => scripts[`pre${name}`] !== scripts.prestart);
    expect(bare).toEqual([]);
  });

  it('of node or npx is an existing file or package', () => {
    const missing = named.filter(({ command }) => {
      const [program, what = ''] = command.split(' ');
      // Its own command is cordon alone (package.json).
      if (program === 'npx' && what !== 'cordon')
        return !existsSync(join(root, 'node_modules', '.bin', what));
      return program === 'node' && what.includes('/') && !existsSync(join(root, what));
    });

    expect(missing).toEqual([]);
  });

  const ofAws = named.filter(({ command }) => command.startsWith('aws '));
  const faults = checkAwsCommands(ofAws.map(({ command }) => splitWords(command).slice(1)));
  (faults ? it : it.skip).each(ofAws.map((one, index) => ({ ...one, fault: faults?.[index] })))(
    'exists in the AWS CLI, with its flags: $command ($page)',
    ({ fault }) => {
      expect(fault).toBe('');
    },
  );
});

/**
 * What is wrong with each command ('' if nothing), or undefined without an AWS CLI. It makes no calls; the CLI checks
 * against the service's model.
 */
function checkAwsCommands(commands: readonly string[][]): readonly string[] | undefined {
  const lines = commands.map((words) => [...words, '--generate-cli-skeleton', 'input']);
  const python = spawnSync('python3', ['-c', readAll], { input: JSON.stringify(lines), encoding: 'utf8' });
  if (python.status === 0) return JSON.parse(python.stdout);
  if (spawnSync('aws', ['--version']).error !== undefined) return;
  return lines.map((words) => {
    const { status, stderr } = spawnSync('aws', words, { encoding: 'utf8' });
    return status === 0 ? '' : stderr || `ended with ${status}`;
  });
}

/** Splits as a shell does: a quoted text is one word, without its quotes. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}
