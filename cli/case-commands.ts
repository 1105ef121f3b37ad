import { type Command, Option } from 'commander';
import type { CommandPorts } from './command-ports';
import type { ExportFormat } from './export';
import { say, sayAside } from './look/output';

interface ExportFlags {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly force?: boolean;
}

/** Adds the commands that only read cases. */
export function addCaseCommands(program: Command, { version, target }: CommandPorts): void {
  program
    .command('list')
    .description('list open cases, those that need a person first')
    .action(async () => {
      const { listCases } = await import('./cases');
      say(await listCases(await target()));
    });

  program
    .command('show')
    .description('show the newest case of a thing, with its timeline')
    .argument('<thing>')
    .option('--json', 'print JSON')
    .action(async (thing: string, { json }: { json?: boolean }) => {
      const { readCase, showCase } = await import('./cases');
      const { writeJson } = await import('./json');
      const from = await target();
      say(json ? writeJson(await readCase(thing, from)) : await showCase(thing, from));
    });

  program
    .command('verify')
    .description('check that nobody changed the timeline of a case, by its hash chain')
    .argument('<case|thing>', 'a case id, or a thing for its newest case')
    .action(async (name: string) => {
      const { verifyCase } = await import('./verify');
      say(await verifyCase(name, await target()));
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
      const { exportCase, writePrivateFile } = await import('./export');
      const { text, whole } = await exportCase(name, format, version, await target());
      if (!whole) sayAside(`its timeline is damaged: cordon verify ${name} says how`);
      if (out === undefined) return say(text);
      await writePrivateFile(out, `${text}\n`, force);
      say(`${out} is written.`);
    });
}
