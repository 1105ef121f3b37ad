import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, type Output, runInHost } from './cli-hosts';
import type { EndToEnd } from './harness';
import { root } from './harness';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  /** The standard error without its first line, which names the stack. */
  readonly err: string;
}

export interface Cli {
  readonly folder: string;
  run(...args: readonly string[]): Promise<Ran>;
  /** Runs what ends with Ctrl-C only, in a process of its own; the keys are pressed once its output has that. */
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
  const env = { PATH: process.env.PATH ?? '' };
  const read = (code: number, { out, err }: Output): Ran => ({
    code,
    out: out.trimEnd(),
    err: err.replace(`the local stack at ${gateway.url}\n`, '').trimEnd(),
  });

  async function run(...args: readonly string[]): Promise<Ran> {
    const { code, output } = await runInHost({ args, folder, env });
    return read(code, output);
  }

  async function follow(awaited: RegExp, ...args: readonly string[]): Promise<Ran> {
    const child = spawn(process.execPath, [join(root, 'bin', 'cordon.mjs'), ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    listen(child, output, () => {
      if (awaited.test(output.out)) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    return read(Number(code), output);
  }

  return { folder, run, follow, remove: () => rm(folder, { recursive: true, force: true }) };
}
