import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndToEnd } from './harness';
import { root } from './harness';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  /** Without the first line, which names the stack. */
  readonly err: string;
}

export interface Cli {
  readonly folder: string;
  run(...args: readonly string[]): Promise<Ran>;
  /** Runs what ends with Ctrl-C only, which is pressed once its output has that. */
  follow(awaited: RegExp, ...args: readonly string[]): Promise<Ran>;
  remove(): Promise<void>;
}

/** The `cordon` command as an operator runs it, in a folder of its own beside the stack's cordon.yml. */
export async function openCli(
  { stack }: EndToEnd,
  configuration: string,
  credentials: Credentials = stack.aws.gateway.operatorCredentials,
): Promise<Cli> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-operator-'));
  const { gateway } = stack.aws;
  const { region } = stack.identity;
  const ca = join(folder, '.cordon', 'ca.pem');
  const local = { endpoint: gateway.url, region, pid: process.pid, credentials, ca };
  await mkdir(join(folder, '.cordon'));
  await writeFile(ca, stack.ca.certificatePem);
  await writeFile(join(folder, '.cordon', 'local.json'), JSON.stringify(local));
  await writeFile(join(folder, 'cordon.yml'), configuration);
  const program = join(root, 'bin', 'cordon.mjs');

  const run = (...args: readonly string[]) => follow(undefined, ...args);

  async function follow(awaited: RegExp | undefined, ...args: readonly string[]): Promise<Ran> {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.out += chunk.toString('utf8');
      if (awaited?.test(output.out)) child.kill('SIGINT');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.err += chunk.toString('utf8');
    });
    const [code] = await once(child, 'close');
    const err = output.err.replace(`the local stack at ${gateway.url}\n`, '');
    return { code: Number(code), out: output.out.trimEnd(), err: err.trimEnd() };
  }

  return { folder, run, follow, remove: () => rm(folder, { recursive: true, force: true }) };
}
