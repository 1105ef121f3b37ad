import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
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

/** Where the program is: as the environment says, in the cache folder, or on the path. Installs it there if asked. */
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

export interface RunningServer {
  readonly endpoint: string;
  readonly ports: Ports;
  stop(): Promise<void>;
}

export async function startServer({ name, start }: Server, program: string): Promise<RunningServer> {
  const ports = { http: await findFreePort(), mqtt: await findFreePort() };
  const { args, env } = start(ports);
  const child = spawn(program, [...args], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${ports.http}`;
  for (let tries = 0; !(await answers(endpoint)); tries += 1) {
    if (child.exitCode !== null || tries > 600) throw new Error(`${name} does not answer at ${endpoint}`);
    await pause(100);
  }
  return { endpoint, ports, stop: () => stop(child) };
}

async function answers(endpoint: string): Promise<boolean> {
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
