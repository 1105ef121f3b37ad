import { Argument, type Command, Option } from 'commander';
import type { AgentFlags } from './agents';
import type { CommandPorts } from './cases/command-ports';
import type { ImportFlags } from './existing/run';
import { exitCodes } from './exit-codes';
import type { SwitchOptions } from './kill-switch';
import { say, sayAside, sayWords } from './look/output';
import { readCount, readDuration } from './options';
import type { ReplayFlags } from './replay/run';
import type { TargetOptions } from './target';

/** Adds the commands about the rules, the agents and the kill switch. */
export function addStackCommands(program: Command, { version, target, explain }: CommandPorts): void {
  program
    .command('check')
    .description('validate a cordon.yml and explain in words what it does to which things')
    .argument('[file]', 'the file (default: cordon.yml)')
    .option(
      '--account',
      'also read the security profiles and an adopted quarantine group of the account (--aws does the same, on AWS)',
    )
    .addHelpText(
      'after',
      '\nExits 6 if a playbook does not fit the security profiles of the account, or a deploy would refuse the group.',
    )
    .action(async (given: string | undefined, { account }: { readonly account?: boolean }) => {
      const check = await import('./check');
      const { findConfiguration } = await import('./checkout');
      const file = given ?? findConfiguration();
      if (!account && !program.opts<TargetOptions>().aws) return sayWords(check.explain(file));
      const { settings, stage } = await target();
      const { text, isWell } = await check.explainWithAccount(file, settings, stage);
      sayWords(text);
      if (!isWell) process.exitCode = exitCodes.unwell;
    });

  program
    .command('import')
    .description('write a cordon.yml from the security profiles of the account; changes nothing there')
    .argument('[file]', 'the file to write', 'cordon.yml')
    .option('--force', 'replace the file if it exists', false)
    .addOption(
      new Option('--detector <name>', 'who evaluates the profiles (default: cordon)').choices([
        'cordon',
        'device-defender',
        'both',
      ]),
    )
    .action(async (file: string, flags: ImportFlags) => {
      const [{ importAccount }, { openExisting }] = await Promise.all([
        import('./existing/run'),
        import('./existing/read'),
      ]);
      const open = async () => {
        const { settings, isLocal } = await target();
        return { ...openExisting(settings), isLocal };
      };
      sayWords(await importAccount(file, flags, open));
    });

  program
    .command('detect')
    .description('show which alerts the rules detector raises on example data (test/conformance/README.md)')
    .argument('<files...>', 'YAML files of security profiles, datapoints and expected alerts')
    .option('--json', 'print JSON')
    .action(async (files: string[], flags: { readonly json?: boolean }) => {
      const { runExamples } = await import('./detect/run');
      const { text, isMatch } = runExamples(files, flags);
      (flags.json ? say : sayWords)(text);
      if (!isMatch) process.exitCode = exitCodes.unwell;
    });

  program
    .command('agents')
    .description('list agents that are silent, degraded or old, or show the agents of the named things')
    .argument('[things...]')
    .option('--silent', 'only agents that have missed three reports')
    .option('--degraded', 'only agents whose view is incomplete')
    .option('--old [version]', 'only agents older than this version (default: the version of this command)')
    .option('--all', 'also healthy agents')
    .option('--limit <agents>', 'how many lines to print at most', readCount, 100)
    .option('--json', 'print all of them as JSON')
    .addHelpText(
      'after',
      '\nExits 6 if a selected agent is silent, degraded or old, otherwise as `cordon --help` says.',
    )
    .action(async (things: string[], flags: AgentFlags) => {
      const { listAgents } = await import('./agents');
      const { text, isWell } = await listAgents(things, flags, (await target()).agents, version);
      (flags.json ? say : sayWords)(text);
      if (!isWell) process.exitCode = exitCodes.unwell;
    });

  program
    .command('kill-switch')
    .description('stop every action at once (on), resume (off), or show the state (default)')
    .addArgument(new Argument('[what]', 'what to do').choices(['on', 'off', 'status']).default('status'))
    .option('-r, --reason <text>', 'the reason, shown to everybody')
    .option('--actor <name>', 'who turns the switch (default: your login name)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\n`status` exits 5 if the switch could not be read.')
    .action(async (what: 'on' | 'off' | 'status', options: SwitchOptions) => {
      const answer = options.json ? say : sayWords;
      const { showKillSwitch, turnKillSwitch } = await import('./kill-switch');
      if (what !== 'status') return answer(await turnKillSwitch(what, options, await target(), Date.now()));
      const { text, isRead, fault } = await showKillSwitch(await target(), options);
      if (fault && (await explain(fault)).exitCode === exitCodes.unreachable) throw fault;
      answer(text);
      if (!isRead) process.exitCode = exitCodes.unreachable;
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
    .action(async (file: string | undefined, flags: ReplayFlags) => {
      const { runReplay } = await import('./replay/run');
      say(await runReplay(file, flags, { openTarget: target, clock: Date.now, say: sayAside }));
    });
}
