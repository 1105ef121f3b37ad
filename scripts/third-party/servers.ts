import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A server of somebody else that speaks AWS's protocols, from the Python package index. */
export interface Server {
  readonly name: string;
  /** What `--install` installs; the list of gaps is of this version. */
  readonly packages: readonly string[];
  readonly program: string;
  readonly start: (ports: Ports) => {
    readonly args: readonly string[];
    readonly env: Record<string, string>;
  };
  /** Where the broker's certificate authority is, if there is a broker for devices. */
  readonly authority?: string;
}

interface Ports {
  readonly http: number;
  readonly mqtt: number;
}

export const servers: readonly Server[] = [
  {
    name: 'ministack',
    // Without cryptography it has no broker for devices.
    packages: ['ministack==1.5.33', 'cryptography'],
    program: 'ministack',
    start: ({ http, mqtt }) => ({
      args: [],
      env: { BIND_HOST: '127.0.0.1', GATEWAY_PORT: String(http), IOT_MTLS_PORT: String(mqtt) },
    }),
    authority: '/_ministack/iot/ca.pem',
  },
  {
    name: 'moto',
    packages: ['moto[server,cloudformation,iam,iotdata,awslambda,apigatewayv2,ssm,s3]==5.2.5'],
    program: 'moto_server',
    start: ({ http }) => ({ args: ['-H', '127.0.0.1', '-p', String(http)], env: {} }),
  },
];

/** Why the server can't be installed, in one line. It tries once, and gives up after `patienceMs`. */
export function installServer(
  { name, packages }: Server,
  cache: string,
  patienceMs: number,
): string | undefined {
  const deadline = Date.now() + patienceMs;
  const folder = join(cache, name);
  const run = (program: string, ...args: readonly string[]) => {
    const timeout = Math.max(1, deadline - Date.now());
    const { status, error, stderr } = spawnSync(program, [...args], {
      ...{
        encoding: 'utf8' as const,
        stdio: ['ignore', 'ignore', 'pipe'] as const,
        timeout,
        killSignal: 'SIGKILL',
      },
    });
    if (status === 0) return undefined;
    const said = stderr?.trim().split('\n').at(-1);
    return error?.message || said || `exit code ${status}`;
  };
  const tooOld = run(
    'python3',
    '-c',
    'import sys, venv; sys.exit("it is " + sys.version if sys.version_info < (3, 10) else 0)',
  );
  if (tooOld) return `no Python 3.10 or later with venv: ${tooOld}`;
  if (existsSync(join(folder, installed))) return undefined;
  // An earlier run may not have finished its installation.
  rmSync(folder, { recursive: true, force: true });
  const failed =
    run('python3', '-m', 'venv', folder) ??
    run(
      join(folder, 'bin', 'pip'),
      ...['install', '--quiet', '--disable-pip-version-check', '--retries', '0'],
      ...packages,
    );
  if (failed) return `${packages.join(' and ')} can't be installed within ${patienceMs / 1_000} s: ${failed}`;
  writeFileSync(join(folder, installed), packages.join('\n'));
  return undefined;
}

/** Written once all is installed. */
const installed = 'installed';

/**
 * Finds the program: at the path in the environment, in the cache folder, or in PATH. Installs it in the cache folder
 * if asked.
 */
export function findProgram(
  { name, program, packages }: Server,
  cache: string,
  install: boolean,
): string | undefined {
  const named = process.env[`CORDON_${name.toUpperCase()}`];
  if (named) return named;
  const folder = join(cache, name);
  const own = join(folder, 'bin', program);
  if (install && !existsSync(own)) {
    const made = spawnSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    if (made.status !== 0)
      throw new Error(`python3 -m venv ${folder} failed: Python 3.10 or later is needed`);
    const pip = spawnSync(join(folder, 'bin', 'pip'), ['install', '--quiet', ...packages], {
      stdio: 'inherit',
    });
    if (pip.status !== 0) throw new Error(`pip could not install ${packages.join(' ')}`);
  }
  if (existsSync(own)) return own;
  return spawnSync(program, ['--help'], { stdio: 'ignore' }).error ? undefined : program;
}

/** The server failed, and not the request. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}

export interface RunningServer {
  readonly endpoint: string;
  readonly ports: Ports;
  /** How the server ended, if it ended by itself. */
  findEnd(): string | undefined;
  stop(): Promise<void>;
}

export async function startServer({ name, start }: Server, program: string): Promise<RunningServer> {
  const ports = { http: await findFreePort(), mqtt: await findFreePort() };
  const { args, env } = start(ports);
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2_000);
  });
  const findEnd = () =>
    child.exitCode === null && child.signalCode === null
      ? undefined
      : `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}: ${said.trim().split('\n').at(-1)}`;
  const endpoint = `http://127.0.0.1:${ports.http}`;
  for (let tries = 0; !(await isAnswering(endpoint)); tries += 1) {
    const end = findEnd() ?? (tries > 600 ? 'not within a minute' : undefined);
    if (end) {
      await stop(child);
      throw new ServerError(`${name} does not answer at ${endpoint}: ${end}`);
    }
    await pause(100);
  }
  return { endpoint, ports, findEnd, stop: () => stop(child) };
}

async function isAnswering(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(late);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
