import type { ChildProcess } from 'node:child_process';
import { isIP } from 'node:net';
import type { ExecDefinition } from '../config/metric-definition';
import { codeOf, host } from '../host';
import type { MetricValue } from '../processes/metric-sample';

/** The outcome of a program: a value, or the reason why there is none. */
export type ExecOutcome = { readonly value: MetricValue } | { readonly failure: string };

export interface ExecRunner {
  /** Runs the due programs one after the other, and returns the newest outcome of each metric. */
  look(now: number): ReadonlyMap<string, ExecOutcome>;
  /** Resolves when no program runs or waits to be run. */
  settled(): Promise<void>;
  stop(): void;
}

const mostOutputBytes = 64 * 1024;
const mostItems = 50;
/** A program finds its tools, and nothing of the agent's own environment. */
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' };
/** Device Defender keeps at most 15 significant digits, and silently drops longer numbers (docs/facts.md#reports). */
const mostDigits = 15;

export function createExecRunner(definitions: readonly ExecDefinition[]): ExecRunner {
  const outcomes = new Map<string, ExecOutcome>();
  const dueAt = new Map<string, number>();
  const waiting = new Set<string>();
  let queue: Promise<void> = Promise.resolve();
  let running: ChildProcess | undefined;
  let isStopped = false;

  const run = async (definition: ExecDefinition): Promise<void> => {
    if (isStopped) return;
    const outcome = await runProgram(definition, (child) => {
      running = child;
    });
    running = undefined;
    waiting.delete(definition.metric);
    outcomes.set(definition.metric, outcome);
  };

  return {
    look: (now) => {
      for (const definition of definitions) {
        const { metric, everySeconds } = definition;
        if (waiting.has(metric) || now < (dueAt.get(metric) ?? now)) continue;
        dueAt.set(metric, now + everySeconds * 1000);
        waiting.add(metric);
        queue = queue.then(() => run(definition));
      }
      return outcomes;
    },
    settled: () => queue,
    stop: () => {
      isStopped = true;
      if (running) killGroup(running);
    },
  };
}

/** Runs a program in a process group of its own, so that its children end with it at its timeout. */
function runProgram(
  definition: ExecDefinition,
  onStart: (child: ChildProcess) => void,
): Promise<ExecOutcome> {
  const [program, ...args] = definition.command;
  const cannotRun = (error: unknown): ExecOutcome => ({ failure: `can't be run (${codeOf(error)})` });
  let child: ChildProcess;
  try {
    child = host.spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      cwd: '/',
      env: environment,
    });
  } catch (error) {
    // Some errnos are thrown, others emitted later (child_process).
    return Promise.resolve(cannotRun(error));
  }
  onStart(child);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(cannotRun(error)));
    follow(child, definition, resolve);
  });
}

function follow(
  child: ChildProcess,
  { type, timeoutSeconds }: ExecDefinition,
  resolve: (outcome: ExecOutcome) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const end = (outcome: ExecOutcome): void => {
    clearTimeout(timer);
    // Also if the program itself ended, but a process that it left holds its output open.
    killGroup(child);
    child.stdout?.destroy();
    resolve(outcome);
  };
  const timer = setTimeout(() => end({ failure: `not done in ${timeoutSeconds} s` }), timeoutSeconds * 1000);
  // If no descriptor was left for the output (EMFILE), there is only the error.
  child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > mostOutputBytes) end({ failure: `printed more than ${mostOutputBytes} bytes` });
    else chunks.push(chunk);
  });
  child.once('error', () => clearTimeout(timer));
  child.once('close', (code, signal) => {
    if (code === 0) end(readOutput(Buffer.concat(chunks).toString('utf8'), type));
    else end({ failure: code === null ? `ended by ${signal}` : `ended with ${code}` });
  });
}

/**
 * The negative pid is the group (kill(2)). On an error, the group has ended (ESRCH), or the processes now run as
 * another user (EPERM).
 */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    host.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
  }
}

/** Reads a number, or a list of one item a line; nothing at all is an empty list. */
export function readOutput(output: string, type: ExecDefinition['type']): ExecOutcome {
  const text = output.trim();
  const items = text === '' ? [] : text.split(/\s*\n\s*/);
  if (type === 'number') {
    const value = readNumber(text);
    return value === undefined ? { failure: 'printed no number' } : { value: { number: value } };
  }
  if (items.length > mostItems) return { failure: `printed more than ${mostItems} lines` };
  if (type === 'number-list') {
    const numbers = items.flatMap((item) => readNumber(item) ?? []);
    return numbers.length < items.length
      ? { failure: 'printed a line that is not a number' }
      : { value: { number_list: numbers } };
  }
  if (type === 'ip-address-list') {
    return items.every((item) => isIP(item) !== 0)
      ? { value: { ip_list: items } }
      : { failure: 'printed a line that is not an IP address' };
  }
  // Device Defender silently drops strings with other characters (docs/facts.md#reports).
  return items.every((item) => /^[a-zA-Z0-9:_./-]{1,256}$/.test(item))
    ? { value: { string_list: items } }
    : { failure: 'printed a line with other characters than a-z A-Z 0-9 : _ . / -' };
}

function readNumber(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(text)) return undefined;
  const value = Number(Number(text).toPrecision(mostDigits));
  return Number.isFinite(value) ? value : undefined;
}
