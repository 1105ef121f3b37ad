import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../infra/template/template';

describe('npm start in a new checkout', () => {
  let checkout: string;
  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'cordon-install-'));
    mkdirSync(join(checkout, 'scripts'));
    const script = join('scripts', 'ensure-install.mjs');
    cpSync(join(root, script), join(checkout, script));
    writeFileSync(join(checkout, 'package-lock.json'), '{}');
  });
  afterAll(() => rmSync(checkout, { recursive: true }));

  /** npm writes what it installed to its standard output. */
  function install(npm: string) {
    const npmFile = join(checkout, 'npm.cjs');
    writeFileSync(npmFile, npm);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/ensure-install.mjs'], {
      cwd: checkout,
      env: { npm_execpath: npmFile },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it('installs the packages and says so on standard error: standard output is the command’s own', () => {
    const installed = install(`
      const { mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
      console.log('added 662 packages with npm ' + process.argv.slice(2));
      mkdirSync('node_modules/.bin', { recursive: true });
      writeFileSync('node_modules/.package-lock.json', '{}');
      symlinkSync(process.execPath, 'node_modules/.bin/node');`);

    expect(installed).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(
        /^Installing packages .*\nadded 662 packages with npm ci,--loglevel=error\n$/,
      ),
    });
    expect(install('process.exit(1)')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends npm on %s, which would go on without it', async (signal) => {
    rmSync(join(checkout, 'node_modules'), { recursive: true, force: true });
    const npmFile = join(checkout, 'npm.cjs');
    // As npm ci does, it takes no notice of signals until it is through.
    writeFileSync(
      npmFile,
      `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
      setInterval(() => {}, 1000);
      console.log('npm is ' + process.pid);`,
    );
    const installing = spawn(process.execPath, ['scripts/ensure-install.mjs'], {
      cwd: checkout,
      env: { npm_execpath: npmFile },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    for await (const chunk of installing.stderr) {
      said += chunk;
      if (/npm is \d+\n/.test(said)) break;
    }
    const npm = Number(/npm is (\d+)/.exec(said)?.[1]);

    installing.kill(signal);

    expect(await once(installing, 'exit')).toEqual([null, signal]);
    // Throws if it is gone; else it must not outlive a failed test.
    expect(() => process.kill(npm, 'SIGKILL')).toThrow('ESRCH');
  });

  it('says what to check if npm fails', () => {
    rmSync(join(checkout, 'node_modules'), { recursive: true, force: true });

    const { status, stdout, stderr } = install("console.log('no network'); process.exit(1)");

    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /no network\ncordon: npm ci failed \(see above\)\. Check that the npm registry can be reached/,
    );
  });
});
