import { type ChildProcess, spawn } from 'node:child_process';
import { waitFor } from './poll';

interface AgentEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface AgentProgram {
  readonly process: ChildProcess;
  /** Its log so far; a line that is no JSON fails. */
  events(name?: string): AgentEvent[];
  waitForEvent(name: string, times?: number): Promise<AgentEvent>;
  /** Ends it as a service manager does, and returns the exit code. */
  stop(): Promise<number | null>;
  /**
   * Kills it and waits for its end, because a process that has not ended yet could write into a folder that is being
   * removed.
   */
  kill(): Promise<unknown>;
}

/** Runs a command that becomes the agent. */
export function runAgent(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): AgentProgram {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const events = (name?: string): AgentEvent[] => {
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean);
    const all = lines.map((line): AgentEvent => JSON.parse(line));
    return name === undefined ? all : all.filter(({ event }) => event === name);
  };
  return {
    process: child,
    events,
    waitForEvent: (name, times = 1) =>
      waitFor(
        () => `${name}, ${times} times; there came ${text.slice(-1000)}`,
        () => events(name)[times - 1],
      ),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
