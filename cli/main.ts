import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../shared/config/load';
import { type Act, type ActOptions, act } from './act';
import { listCases, readCase, showCase } from './cases';
import { explain } from './check';
import { CliError } from './cli-error';
import { findTarget, type TargetOptions } from './target';

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('expected a number of seconds');
  return seconds;
}

const program = new Command('cordon')
  .description(
    'Look at, contain and release things. Talks to the local stack while it runs here, else to AWS.',
  )
  .option('--aws', 'talk to AWS even while a local stack runs here')
  .option('--stage <name>', 'stage of the deployed stack', 'dev')
  .showHelpAfterError();

const target = () => {
  const found = findTarget(program.opts<TargetOptions>());
  process.stderr.write(`${found.name}\n`);
  return found;
};

program
  .command('check')
  .description('validate a cordon.yml and explain in words what will happen to whom')
  .argument('[file]', 'the file', 'cordon.yml')
  .action((file: string) => say(explain(file)));

program
  .command('list')
  .description('open cases, those that need somebody first')
  .action(async () => say(await listCases(target())));

program
  .command('show')
  .description('the case of a thing and its timeline')
  .argument('<thing>')
  .option('--json', 'as JSON')
  .action(async (thing: string, { json }: { json?: boolean }) =>
    say(json ? JSON.stringify(await readCase(thing, target()), null, 2) : await showCase(thing, target())),
  );

const acts: readonly (readonly [Act, string])[] = [
  ['release', 'undo the containment of a thing, exactly'],
  ['contain', 'contain a thing by hand'],
  ['approve', 'let a containment that awaits approval go on'],
  ['dismiss', 'close a case that holds nothing'],
];
for (const [name, description] of acts) {
  program
    .command(name)
    .description(description)
    .argument('<thing>')
    .option('-c, --comment <text>', 'why, for the timeline')
    .option('--actor <name>', 'who decided (default: your login name)')
    .option('--wait <seconds>', 'how long to wait for the outcome', readSeconds, 60)
    .action(async (thing: string, { wait, ...options }: Omit<ActOptions, 'waitSeconds'> & { wait: number }) =>
      say(await act(name, thing, { ...options, waitSeconds: wait }, target())),
    );
}

/** One line a user can act on; the stack of an unknown fault only with CORDON_DEBUG. */
function explainFault(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof CliError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (process.env.CORDON_DEBUG) return error.stack ?? error.message;
  if (error.name === 'CredentialsProviderError')
    return 'no AWS credentials were found, and no local stack runs here (npm start)';
  if (error.message === 'Region is missing')
    return 'no AWS region is set (AWS_REGION), and no local stack runs here (npm start)';
  if ('code' in error && error.code === 'ECONNREFUSED')
    return 'the local stack of .cordon/local.json does not answer: start it with npm start, or use --aws';
  return `${error.name}: ${error.message}`;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`cordon: ${explainFault(error)}\n`);
  process.exitCode = 1;
}
