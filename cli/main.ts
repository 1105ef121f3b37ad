import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { version } from '../package.json';
import { ConfigurationError } from '../shared/config/load';
import { operatorActionDescriptors, operatorActions } from '../shared/domain/decide/operator-actions';
import { printable } from '../shared/domain/messages/announcement';
import { type ActOptions, act } from './act';
import { type AgentFlags, listAgents } from './agents';
import { listCases, readCase, showCase } from './cases';
import { explain } from './check';
import { findConfiguration } from './checkout';
import { CliError } from './cli-error';
import { runExamples } from './detect/run';
import { addDrillCommand } from './drill/commands';
import { addDeviceCommands } from './enroll/commands';
import { type ExportFormat, exportCase, writePrivateFile } from './export';
import { writeJson } from './json';
import { type SwitchOptions, showKillSwitch, turnKillSwitch } from './kill-switch';
import { type ReplayFlags, runReplay } from './replay/run';
import { findTarget, type TargetOptions } from './target';
import { verifyCase } from './verify';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is not the answer itself goes to standard error. */
function sayAside(text: string): void {
  process.stderr.write(`${text}\n`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('expected a number of seconds');
  return seconds;
}

/** `7d` -> milliseconds, written as in cordon.yml. */
function readDuration(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  const size = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  if (size === undefined) throw new InvalidArgumentError('expected a duration such as 90s, 30m, 24h or 7d');
  return Number(count) * size;
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a number of things');
  return Number(text);
}

interface ExportFlags {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly force?: boolean;
}

const program = new Command('cordon')
  .description(
    'Look at, contain and release things. Talks to the local stack while it runs here, else to AWS.',
  )
  .version(version, '--version', 'of Cordon')
  .option('--aws', 'talk to AWS even while a local stack runs here')
  .option('--stage <name>', 'stage of the deployed stack', 'dev')
  .showHelpAfterError();

const target = () => {
  const found = findTarget(program.opts<TargetOptions>());
  sayAside(found.name);
  return found;
};

program
  .command('check')
  .description('validate a cordon.yml and explain in words what will happen to whom')
  .argument('[file]', 'the file (default: cordon.yml)')
  .action((file?: string) => say(explain(file ?? findConfiguration())));

program
  .command('detect')
  .description('what the rules detector would alert on: runs conformance files (test/conformance/README.md)')
  .argument('<files...>', 'YAML files of security profiles, datapoints and expected alerts')
  .action((files: string[]) => {
    const { text, isMatch } = runExamples(files);
    say(text);
    if (!isMatch) process.exitCode = 1;
  });

program
  .command('list')
  .description('open cases, those that need somebody first')
  .action(async () => say(await listCases(target())));

program
  .command('agents')
  .description('agents that are silent, degraded or old; or how those of the named things are')
  .argument('[things...]')
  .option('--silent', 'only those that have missed three reports')
  .option('--degraded', 'only those that say that they do not see all')
  .option('--old [version]', 'only those older than that version (default: than this cordon)')
  .option('--all', 'also those that are well')
  .option('--limit <agents>', 'as many lines', readCount, 100)
  .option('--json', 'as JSON, all of them')
  .addHelpText(
    'after',
    '\nExits 2 where one of those asked for is silent, degraded or old, and 1 where that could not be read.',
  )
  .action(async (things: string[], flags: AgentFlags) => {
    const { text, isWell } = await listAgents(things, flags, target().agents, version);
    say(text);
    if (!isWell) process.exitCode = 2;
  });

program
  .command('kill-switch')
  .description('stop every action at once, or let them go on; without a word: how it stands')
  .addArgument(new Argument('[what]', 'what to do').choices(['on', 'off', 'status']).default('status'))
  .option('-r, --reason <text>', 'why, for all who see it')
  .option('--actor <name>', 'who turned it (default: your login name)')
  .addHelpText('after', '\nThe status exits 1 where it could not be read, else 0, on or off.')
  .action(async (what: 'on' | 'off' | 'status', options: SwitchOptions) => {
    if (what !== 'status') return say(await turnKillSwitch(what, options, target(), Date.now()));
    const { text, isRead } = await showKillSwitch(target());
    say(text);
    if (!isRead) process.exitCode = 1;
  });

program
  .command('show')
  .description('the case of a thing and its timeline')
  .argument('<thing>')
  .option('--json', 'as JSON')
  .action(async (thing: string, { json }: { json?: boolean }) =>
    say(json ? writeJson(await readCase(thing, target())) : await showCase(thing, target())),
  );

program
  .command('verify')
  .description('hold the timeline of a case against the hash that the case keeps of it')
  .argument('<case|thing>', 'id of a case, or a thing: its newest case')
  .action(async (name: string) => say(await verifyCase(name, target())));

program
  .command('export')
  .description('a case, its timeline and what its check says, as one JSON file')
  .argument('<case|thing>', 'id of a case, or a thing: its newest case')
  .addOption(
    new Option('--format <format>', 'as Cordon has it, or an OCSF Detection Finding')
      .choices(['json', 'ocsf'])
      .default('json'),
  )
  .option('-o, --out <file>', 'write it there, for your eyes only (default: standard output)')
  .option('--force', 'replace the file if it is there')
  .action(async (name: string, { format, out, force = false }: ExportFlags) => {
    const { text, whole } = await exportCase(name, format, version, target());
    if (!whole) sayAside(`its timeline is not whole: cordon verify ${name} says why`);
    if (out === undefined) return say(text);
    await writePrivateFile(out, `${text}\n`, force);
    say(`${out} is written.`);
  });

program
  .command('replay')
  .description('what recorded alerts would lead to under another cordon.yml; changes nothing')
  .argument(
    '[file]',
    'alerts as the alerts topic has them, one JSON object a line or an array; or the output of list-violation-events',
  )
  .option('--since <time>', 'instead of a file: the cases of the last time, such as 7d', readDuration)
  .option('--config <file>', 'the candidate (default: only the present file)')
  .option('--present <file>', 'the present file (default: cordon.yml)')
  .option('--fleet-size <things>', 'for a limit in percent (default: as last counted)', readCount)
  .option('--json', 'as JSON')
  .action(async (file: string | undefined, flags: ReplayFlags) =>
    say(await runReplay(file, flags, { openTarget: target, clock: Date.now, say: sayAside })),
  );

/** One after the other; what can't be done with one thing holds up none of the others. */
async function actOnEach(
  things: readonly string[],
  actOn: (thing: string) => Promise<string>,
): Promise<void> {
  const faults: unknown[] = [];
  for (const thing of things) {
    try {
      say(await actOn(thing));
    } catch (error) {
      if (things.length === 1) throw error;
      sayAside(explainFault(error));
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new CliError(`${faults.length} of ${things.length} things: not done`);
}

for (const name of operatorActions) {
  const { description, forcible } = operatorActionDescriptors[name];
  const command = program
    .command(name)
    .description(description)
    .argument('<things...>')
    .option('-c, --comment <text>', 'why, for the timeline')
    .option('--actor <name>', 'who decided (default: your login name)')
    .option('--wait <seconds>', 'how long to wait for the outcome, 0: not at all', readSeconds, 60)
    .action((things: string[], { wait, ...options }: Omit<ActOptions, 'waitSeconds'> & { wait: number }) => {
      const to = target();
      return actOnEach(things, (thing) => act(name, thing, { ...options, waitSeconds: wait }, to));
    });
  if (forcible) command.option('--force', forcible);
}

addDeviceCommands(program, target, say);
addDrillCommand(program, target, say, sayAside);

/** One line a user can act on, of a cordon.yml one for each fault; the stack of an unknown fault only with CORDON_DEBUG. */
function explainFault(error: unknown): string {
  if (error instanceof ConfigurationError) return error.faults.map(printable).join('\n');
  if (error instanceof Error && !(error instanceof CliError) && process.env.CORDON_DEBUG)
    return error.stack ?? error.message;
  return error instanceof CliError ? error.message : printable(nameFault(error));
}

function nameFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { aws, stage } = program.opts<TargetOptions>();
  const nothingHere = aws ? '' : ', and no local stack runs here (npm start)';
  if (error.name === 'CredentialsProviderError') return `no AWS credentials were found${nothingHere}`;
  if (error.message === 'Region is missing') return `no AWS region is set (AWS_REGION)${nothingHere}`;
  // Of DynamoDB alone, whose only table here is the stage's.
  if (error instanceof ResourceNotFoundException)
    return `no stage ${stage} is deployed there (no table cordon-${stage}): is it another --stage or AWS_REGION?`;
  if ('code' in error && error.code === 'ECONNREFUSED')
    return 'the local stack of .cordon/local.json does not answer: start it with npm start, or use --aws';
  return `${error.name}: ${error.message}`;
}

// A reader that has seen enough, such as head, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`cordon: ${explainFault(error)}\n`);
  process.exitCode = 1;
}
