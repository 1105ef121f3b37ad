import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../infra/template/template';

const script = join(root, 'node_modules', 'osls', 'bin', 'serverless.js');

interface Ended {
  readonly code: number;
  readonly said: string;
}

/** A copy of the checkout, whose own `.serverless` may be in use, and osls in it. */
export interface Checkout {
  readonly folder: string;
  /** Runs what `npx sls` of the pages runs, in one process for all commands of this copy. */
  sls(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  /** The same in a process of its own, as a person runs it. */
  slsAlone(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
  close(): Promise<void>;
}

export function openCheckout(): Checkout {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-checkout-'));
  for (const source of [
    'functions',
    'shared',
    'infra',
    'serverless.yml',
    'cordon.yml',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, source), join(folder, source), { recursive: true });
  cpSync(join(root, '.serverless'), join(folder, 'packages'), { recursive: true });
  for (const linked of ['node_modules', 'console', 'scripts', 'dist'])
    symlinkSync(join(root, linked), join(folder, linked));
  let osls: ReturnType<typeof startOsls> | undefined;

  return {
    folder,
    async sls(args, env = {}) {
      osls ??= startOsls();
      const ended = once(osls.process, 'message');
      osls.process.send({ script, args, cwd: folder, env: environment(env) });
      return Promise.race([ended.then(([message]): Ended => message), osls.died]);
    },
    async slsAlone(args, env = {}) {
      const child = spawn(process.execPath, [script, ...args], {
        cwd: folder,
        env: environment(env),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString('utf8');
        });
      const [code] = await once(child, 'close');
      return { code: code ?? 1, said };
    },
    async close() {
      if (osls?.process.connected) {
        osls.process.disconnect();
        await osls.died;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startOsls() {
  const process = fork(join(import.meta.dirname, 'osls-process.cjs'), {
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const died = once(process, 'exit').then(([code]) => ({ code: 1, said: `osls ended with ${code}` }));
  return { process, died };
}

/** Node keeps the compiled code of osls: compiling takes most of the time of its first command. */
const environment = (env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_COMPILE_CACHE: join(root, 'dist', 'compile-cache'),
  ...env,
});
