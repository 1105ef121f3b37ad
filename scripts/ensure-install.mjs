// Installs what is missing, so that `npm start` and `npm test` are the only commands. Runs on the machine's own Node,
// before there are any packages.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockFile = join(root, 'package-lock.json');
const installed = join(root, 'node_modules', '.package-lock.json');
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old to install Cordon: use Node 20.19 or later.`);
}
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockFile).mtimeMs) {
  process.stderr.write('Installing packages (npm ci), a minute or two...\n');
  await runNpm(['ci', '--loglevel=error']);
}
// If install scripts are off, the project's own Node is still missing: its install script fetches it from the registry.
const ownNode = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
if (!existsSync(ownNode) || spawnSync(ownNode, ['--version']).status !== 0) {
  process.stderr.write('Installing Node 24 for the project...\n');
  await runNpm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
}

async function runNpm(args) {
  const npm = process.env.npm_execpath;
  const [command, all] = npm ? [process.execPath, [npm, ...args]] : ['npm', args];
  // All output goes to standard error: a program may read what the command itself writes.
  // A group of its own, to be ended as a whole: npm ci takes no notice of Ctrl-C until it is through, and the next run
  // would meet it in node_modules.
  const child = spawn(command, all, { cwd: root, stdio: ['ignore', 2, 2], detached: true });
  let interruption;
  const interrupt = (signal) => {
    if (interruption) return;
    interruption = signal;
    process.kill(-child.pid, 'SIGKILL');
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  const [status] = await once(child, 'exit').catch(() => [1]);
  for (const signal of signals) process.off(signal, interrupt);
  // Nothing is lost: npm writes the list of what is installed last, so the next run begins again.
  if (interruption) process.kill(process.pid, interruption);
  if (status !== 0)
    fail(`npm ${args[0]} failed (see above). Check that the npm registry can be reached, then try again.`);
}

function fail(message) {
  process.stderr.write(`cordon: ${message}\n`);
  process.exit(1);
}
