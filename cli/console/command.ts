import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandPorts } from '../cases/command-ports';
import { say, sayAside } from '../look/output';
import type { TargetOptions } from '../target';
import type { ConsoleFlags } from './run';

/** Adds `cordon console`. */
export function addConsoleCommand(program: Command, { version, target }: CommandPorts): void {
  program
    .command('console')
    .description('serve the console on this machine, and sign its requests with your own AWS credentials')
    .addOption(
      new Option('--port <number>', 'port on 127.0.0.1').argParser(readPort).default(0, 'a free one'),
    )
    .option('--api <url>', 'address of the HTTP API (default: the ApiUrl of the stack’s outputs)')
    .action(async (flags: ConsoleFlags) => {
      const { runConsole } = await import('./run');
      const findAgain = async () => {
        const { findTarget } = await import('../target');
        return findTarget(program.opts<TargetOptions>());
      };
      await runConsole(await target(), flags, { version, findAgain, say, sayAside });
    });
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('expected a port such as 8080');
  return port;
}
