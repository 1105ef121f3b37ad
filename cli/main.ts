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
import { addDoctorCommand } from './doctor/commands';
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

/** Writes everything but the result itself to standard error. */
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
    'Inspect, contain and release things. Uses the local stack while it runs here, and otherwise AWS.',
  )
  .version(version, '--version', 'print the version of Cordon')
  .option('--aws', 'use AWS even while a local stack runs here')
  .option('--stage <name>', 'stage of the deployed stack', 'dev')
  .showHelpAfterError();

const target = () => {
  const found = findTarget(program.opts<TargetOptions>());
  sayAside(found.name);
  return found;
};

program
  .command('check')
  .description('validate a cordon.yml and explain in words what it does to which things')
  .argument('[file]', 'the file (default: cordon.yml)')
  .action((file?: string) => say(explain(file ?? findConfiguration())));

program
  .command('detect')
  .description('show which alerts the rules detector raises on example data (test/conformance/README.md)')
  .argument('<files...>', 'YAML files of security profiles, datapoints and expected alerts')
  .action((files: string[]) => {
    const { text, isMatch } = runExamples(files);
    say(text);
    if (!isMatch) process.exitCode = 1;
  });

program
  .command('list')
  .description('list open cases, those that need a person first')
  .action(async () => say(await listCases(target())));

program
  .command('agents')
  .description('list agents that are silent, degraded or old, or show the agents of the named things')
  .argument('[things...]')
  .option('--silent', 'only agents that have missed three reports')
  .option('--degraded', 'only agents whose view is incomplete')
  .option('--old [version]', 'only agents older than this version (default: the version of this command)')
  .option('--all', 'also healthy agents')
  .option('--limit <agents>', 'the most lines to print', readCount, 100)
  .option('--json', 'print all of them as JSON')
  .addHelpText(
    'after',
    '\nExits 2 if a selected agent is silent, degraded or old, 1 if the agents could not be read, and otherwise 0.',
  )
  .action(async (things: string[], flags: AgentFlags) => {
    const { text, isWell } = await listAgents(things, flags, target().agents, version);
    say(text);
    if (!isWell) process.exitCode = 2;
  });

program
  .command('kill-switch')
  .description('stop every action at once (on), resume (off), or show the state (default)')
  .addArgument(new Argument('[what]', 'what to do').choices(['on', 'off', 'status']).default('status'))
  .option('-r, --reason <text>', 'the reason, shown to everybody')
  .option('--actor <name>', 'who turns the switch (default: your login name)')
  .addHelpText('after', '\n`status` exits 1 if the switch could not be read, and otherwise 0.')
  .action(async (what: 'on' | 'off' | 'status', options: SwitchOptions) => {
    if (what !== 'status') return say(await turnKillSwitch(what, options, target(), Date.now()));
    const { text, isRead } = await showKillSwitch(target());
    say(text);
    if (!isRead) process.exitCode = 1;
  });

program
  .command('show')
  .description('show the newest case of a thing, with its timeline')
  .argument('<thing>')
  .option('--json', 'print JSON')
  .action(async (thing: string, { json }: { json?: boolean }) =>
    say(json ? writeJson(await readCase(thing, target())) : await showCase(thing, target())),
  );

program
  .command('verify')
  .description('check that nobody changed the timeline of a case, by its hash chain')
  .argument('<case|thing>', 'a case id, or a thing for its newest case')
  .action(async (name: string) => say(await verifyCase(name, target())));

program
  .command('export')
  .description('write a case, its timeline and the result of its check as one JSON file')
  .argument('<case|thing>', 'a case id, or a thing for its newest case')
  .addOption(
    new Option('--format <format>', 'format of Cordon, or an OCSF Detection Finding')
      .choices(['json', 'ocsf'])
      .default('json'),
  )
  .option('-o, --out <file>', 'write to this file, readable only by you (default: standard output)')
  .option('--force', 'replace an existing file')
  .action(async (name: string, { format, out, force = false }: ExportFlags) => {
    const { text, whole } = await exportCase(name, format, version, target());
    if (!whole) sayAside(`its timeline is damaged: cordon verify ${name} says how`);
    if (out === undefined) return say(text);
    await writePrivateFile(out, `${text}\n`, force);
    say(`${out} is written.`);
  });

program
  .command('replay')
  .description('show what recorded alerts would cause under another cordon.yml; changes nothing')
  .argument(
    '[file]',
    'alerts as on the alerts topic (an array, or one JSON object on each line), or the output of list-violation-events',
  )
  .option(
    '--since <time>',
    'replay the recorded cases of this period instead of a file, such as 7d',
    readDuration,
  )
  .option('--config <file>', 'the candidate cordon.yml (default: only the present one)')
  .option('--present <file>', 'the present cordon.yml (default: cordon.yml)')
  .option(
    '--fleet-size <things>',
    'size of the fleet, for a limit in percent (default: the last count)',
    readCount,
  )
  .option('--json', 'print JSON')
  .action(async (file: string | undefined, flags: ReplayFlags) =>
    say(await runReplay(file, flags, { openTarget: target, clock: Date.now, say: sayAside })),
  );

/** Acts on one thing after the other, and continues if one fails. */
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
  if (faults.length > 0) throw new CliError(`${faults.length} of ${things.length} things failed`);
}

for (const name of operatorActions) {
  const { description, forcible } = operatorActionDescriptors[name];
  const command = program
    .command(name)
    .description(description)
    .argument('<things...>')
    .option('-c, --comment <text>', 'the reason, for the timeline')
    .option('--actor <name>', 'who decided (default: your login name)')
    .option('--wait <seconds>', 'how long to wait for the outcome; 0 does not wait', readSeconds, 60)
    .action((things: string[], { wait, ...options }: Omit<ActOptions, 'waitSeconds'> & { wait: number }) => {
      const to = target();
      return actOnEach(things, (thing) => act(name, thing, { ...options, waitSeconds: wait }, to));
    });
  if (forcible) command.option('--force', forcible);
}

addDeviceCommands(program, target, say);
addDoctorCommand(program, version, target, say);
addDrillCommand(program, target, say, sayAside);

/** One line that a user can act on, or one for each error in a cordon.yml. The stack is only printed with CORDON_DEBUG. */
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
  // Only DynamoDB throws this here, and its only table is that of the stage.
  if (error instanceof ResourceNotFoundException)
    return `stage ${stage} is not deployed there (no table cordon-${stage}): check --stage and AWS_REGION`;
  if ('code' in error && error.code === 'ECONNREFUSED')
    return 'the local stack in .cordon/local.json does not respond: start it with npm start, or use --aws';
  return `${error.name}: ${error.message}`;
}

// A reader that exits early, such as head, is not an error.
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
