import { type Command, Option } from 'commander';
import type { CommandPorts } from './cases/command-ports';
import type { ExportFormat } from './cases/export';
import type { HistoryFlags } from './cases/history';
import type { ListFlags } from './cases/list';
import type { TailFlags } from './cases/tail';
import { exitCodes } from './exit-codes';
import { say, sayAside, sayWords } from './look/output';
import type { Screen } from './look/style';
import type { MetricFlags } from './metrics/metrics';
import {
  readCount,
  readDuration,
  readKeptDuration,
  readThings,
  severityOption,
  statusOption,
} from './options';

interface ExportFlags {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly force?: boolean;
}

/** Adds the commands that only read cases. */
export function addCaseCommands(program: Command, { version, target, reopen, explain }: CommandPorts): void {
  program
    .command('list')
    .description('list open cases; those that need a person come first')
    .addOption(statusOption())
    .addOption(severityOption())
    .option('--behavior <name>', 'only with this behavior: NAME or PROFILE/NAME')
    .option('--thing <name>', 'only this thing; a star stands for the rest of a name: sensor-*', readThings)
    .option('--group <name>', 'only things of this thing group')
    .option('--actor <name>', 'only cases that are assigned to this person, or that this person decided last')
    .option('--since <time>', 'only cases that changed within this time, such as 24h', readDuration)
    .option('--closed', 'closed cases instead of open ones')
    .option('--limit <cases>', 'how many cases to list at most', readCount, 100)
    .option('--watch', 'keep the list up to date until Ctrl-C')
    .option('--json', 'print JSON')
    .action(async ({ watch: isWatched, ...flags }: ListFlags & { readonly watch?: boolean }) => {
      const [{ listCases }, { openScreen }] = await Promise.all([
        import('./cases/list'),
        import('./look/style'),
      ]);
      let from = await target();
      const read = (screen: Screen) => listCases(flags, from, screen, Date.now());
      if (!isWatched) return say(await read(openScreen()));
      const { watch } = await import('./cases/watch');
      await watch(read, {
        explain,
        reopen: async () => {
          from = await reopen(from);
        },
      });
    });

  program
    .command('show')
    .description('show a case: what happened, what was done, what a release restores, and what to do next')
    .argument('<case|thing>', 'a case id, or a thing for its newest case')
    .option('--json', 'print JSON')
    .action(async (thing: string, { json }: { json?: boolean }) => {
      const { readCase, showCase } = await import('./show/show');
      const { writeJson } = await import('./json');
      const { openScreen } = await import('./look/style');
      const from = await target();
      say(json ? writeJson(await readCase(thing, from)) : await showCase(thing, from, openScreen()));
    });

  program
    .command('history')
    .description('list who did what, newest first')
    .option('--thing <name>', 'only what people did to this thing')
    .option('--actor <name>', 'only what this person did')
    .addOption(sinceOption('how far back, such as 24h', readDuration).default(7 * 86_400_000, '7d'))
    .option('--limit <entries>', 'how many entries to list at most', readCount, 50)
    .option('--json', 'print JSON')
    .action(async (flags: HistoryFlags) => {
      const [{ showHistory }, { openScreen }] = await Promise.all([
        import('./cases/history'),
        import('./look/style'),
      ]);
      say(await showHistory(flags, (await target()).audit, openScreen(), Date.now()));
    });

  program
    .command('tail')
    .description('print the entries of all timelines as they come, until Ctrl-C')
    .option('--thing <name>', 'only this thing; a star stands for the rest of a name: sensor-*', readThings)
    .option('--since <time>', 'begin with what happened within this time, such as 1h', readDuration)
    .option('--json', 'print one JSON object on each line')
    .action(async (flags: TailFlags) => {
      const [{ followTimelines, writeHappening }, { openScreen }, { follow }] = await Promise.all([
        import('./cases/tail'),
        import('./look/style'),
        import('./cases/watch'),
      ]);
      let from = await target();
      const look = followTimelines(flags, () => from, Date.now());
      const write = async (now: number) => {
        const screen = openScreen();
        return (await look(now)).map((one) => writeHappening(one, flags, screen));
      };
      await follow(write, {
        explain,
        reopen: async () => {
          from = await reopen(from);
        },
      });
    });

  program
    .command('metrics')
    .description('show the values of a metric of a thing over time, or list the metrics that have values')
    .argument('<thing>')
    .argument('[metric]')
    .addOption(sinceOption('how far back, at most 14d', readKeptDuration).default(86_400_000, '1d'))
    .option('--config <file>', 'the file that says what is normal (default: cordon.yml)')
    .option('--json', 'print JSON')
    .action(
      async (
        thing: string,
        metric: string | undefined,
        { config, ...flags }: MetricFlags & { readonly config?: string },
      ) => {
        const { listMetrics, showMetric } = await import('./metrics/metrics');
        const { openScreen } = await import('./look/style');
        const { readBounds } = await import('./metrics/bounds');
        const bounds = metric === undefined ? undefined : readBounds(metric, config);
        const { metrics } = await target();
        const [screen, now] = [openScreen(), Date.now()];
        say(
          metric === undefined || !bounds
            ? await listMetrics(thing, flags, metrics, screen, now)
            : await showMetric(thing, metric, flags, metrics, bounds, screen, now),
        );
      },
    );

  program
    .command('verify')
    .description('check that nobody changed the timeline of a case, by its hash chain')
    .argument('<case|thing>', 'a case id, or a thing for its newest case')
    .option('--json', 'print JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { checkCase, verifyCase } = await import('./cases/verify');
      if (!json) return sayWords(await verifyCase(name, await target()));
      const check = await checkCase(name, await target());
      const { writeJson } = await import('./json');
      say(writeJson(check));
      if (!check.whole) process.exitCode = exitCodes.unwell;
    });

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
      const { exportCase, writePrivateFile } = await import('./cases/export');
      const { text, whole } = await exportCase(name, format, version, await target());
      if (!whole) sayAside(`its timeline is damaged: cordon verify ${name} says how`);
      if (out === undefined) return say(text);
      await writePrivateFile(out, `${text}\n`, force);
      sayWords(`${out} is written.`);
    });
}

function sinceOption(description: string, read: (text: string) => number): Option {
  return new Option('--since <time>', description).argParser(read);
}
