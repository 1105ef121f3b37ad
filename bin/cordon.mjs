#!/usr/bin/env node
// The `cordon` command, on the machine's own Node. In the npm package, it runs the bundle of cli/ that the package has. In a
// checkout, it builds the bundle again when a source has changed. The bundle needs no packages, so it starts in a fraction of
// what loading the sources takes.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`Node ${process.versions.node} is too old: use Node 20.19 or later.`);

if (existsSync(join(root, 'cli', 'main.ts'))) await runCheckout();
else await runPackage();

async function runPackage() {
  delete process.env.CORDON_CHECKOUT;
  // The AWS SDK warns of the Node that its next release needs: a matter of this package's maker, not of a person who runs a command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  // A folder of the user's own: in a shared one, others could leave code. Node 22.1 and later keep there what they compiled.
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  module.enableCompileCache?.(join(cache, 'cordon'));
  await import(pathToFileURL(join(root, 'dist', 'package', 'cli', 'main.mjs')).href);
}

async function runCheckout() {
  const { cliFolder } = await import('../scripts/cli-folder.mjs');
  const folder = cliFolder(root);
  const bundle = join(folder, 'main.mjs');
  if (!existsSync(bundle)) {
    runScript('ensure-install.mjs');
    runScript('build-cli.mjs', folder);
  }
  // The page that `cordon console` serves; built again if a source has changed.
  if (process.argv.includes('console')) {
    runScript('ensure-install.mjs');
    runScript('build-console.mjs');
  }
  // From a folder of the checkout, cordon.yml and the local stack are those of the checkout.
  const isInside = `${process.cwd()}${sep}`.startsWith(root + sep);
  if (isInside) process.env.CORDON_CHECKOUT = root;
  else delete process.env.CORDON_CHECKOUT;
  // Node 22.1 and later keep what they compiled.
  const compiled = join(root, 'dist', 'compile-cache');
  // The Node of the project, which `npx` puts first, if the machine's is older: it is what the tests run on.
  const ownNode = join(root, 'node_modules', 'node', 'bin', 'node');
  if (major < 24 && existsSync(ownNode)) {
    const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
    const child = spawn(ownNode, [bundle, ...process.argv.slice(2)], { stdio: 'inherit', env });
    // The terminal sends Ctrl-C to both: the command says what goes on, or cleans up, and this waits for its end.
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    const [status, signal] = await once(child, 'close');
    if (signal === null) process.exit(status);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  module.enableCompileCache?.(compiled);
  await import(pathToFileURL(bundle).href);
}

/** Runs a script. Its output goes to standard error, because a program may read the command's own output. */
function runScript(name, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', name), ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}

function fail(message) {
  process.stderr.write(`cordon: ${message}\n`);
  process.exit(1);
}
