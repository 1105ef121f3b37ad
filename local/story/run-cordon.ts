import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StartError } from '../start-error';

/** The operator's own command line, against the running stack. */
export function runCordon(root: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join('bin', 'cordon.mjs'), ...args], {
      cwd: root,
      // As npx calls it: what the command then proposes to type next works in a checkout.
      env: { ...process.env, npm_command: 'exec' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.err += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output.out.trim());
      else reject(new StartError(`cordon ${args[0]}: ${output.err.trim()}`));
    });
  });
}
