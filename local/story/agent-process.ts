import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Closers } from '../closers';
import { agentClientId, type Device } from '../devices';
import { StartError } from '../start-error';
import { waitFor } from './wait';

export interface AgentEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface AgentProcess {
  readonly pid: number;
  /** Waits for the first event of a kind. */
  waitForEvent(event: string, timeoutMs: number): Promise<AgentEvent>;
  /** All events so far. */
  readonly events: readonly AgentEvent[];
  stop(): Promise<void>;
}

export interface AgentOptions {
  readonly bundle: string;
  readonly device: Device;
  readonly ca: string;
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
  /** The client id; by default one of its own, beside the application's. */
  readonly clientId?: string;
  /** As soon as the process exists, these get what ends it. */
  readonly closers: Pick<Closers, 'push'>;
  /** A configuration file with its metrics; by default those that cordon.yml asks for. */
  readonly configuration?: string;
}

/** Runs the packaged agent as the device would. Its log lines are the story's evidence. */
export async function startAgent({
  bundle,
  device,
  ca,
  host,
  port,
  stateDirectory,
  clientId = agentClientId(device.thingName),
  configuration,
  closers,
}: AgentOptions): Promise<AgentProcess> {
  const { thingName, cert, key } = device;
  const names = ['-id', clientId, '--thing_name', thingName];
  const connection = ['-e', `${host}:${port}`, '-r', ca, '-c', cert, '-k', key, ...names];
  const metrics = configuration === undefined ? ['-cm'] : ['--config', configuration];
  const args = [bundle, ...connection, ...metrics, '-i', '300', '--state-dir', stateDirectory];
  const agent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async () => {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    await ended;
  };
  closers.push(stop);
  await once(agent, 'spawn');
  const events: AgentEvent[] = [];
  const other: string[] = [];
  createInterface({ input: agent.stderr }).on('line', (line) => {
    try {
      events.push(JSON.parse(line));
    } catch {
      other.push(line);
    }
  });
  return {
    pid: agent.pid ?? -1,
    waitForEvent: (event, timeoutMs) =>
      waitFor(
        `the agent's event "${event}"`,
        () => {
          if (agent.exitCode !== null)
            throw new StartError(
              `the agent ended with exit code ${agent.exitCode}: ${[...other, ...events.slice(-2).map((one) => JSON.stringify(one))].join(' ')}`,
            );
          return events.find((one) => one.event === event);
        },
        timeoutMs,
      ),
    events,
    stop,
  };
}
