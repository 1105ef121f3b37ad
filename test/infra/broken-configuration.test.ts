import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './template';

/** Node keeps what it compiled of the packager, which is most of its time. */
const compiled = join(root, 'dist', 'compile-cache');

function packageInVain(flags: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/.bin/osls', 'package', ...flags],
    { cwd: root, encoding: 'utf8', env: { ...process.env, ...env, NODE_COMPILE_CACHE: compiled } },
  );
  expect(status).not.toBe(0);
  const said = `${stdout}${stderr}`;
  expect(said).not.toMatch(/^\s+at /m);
  return said;
}

describe('sls package', () => {
  it('says file, line and what to write instead where cordon.yml is wrong, and shows no stack', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-broken-'));
    const file = join(folder, 'cordon.yml');
    const good = readFileSync(join(root, 'cordon.yml'), 'utf8');
    writeFileSync(file, good.replace('mode: enforce', 'mode: enforec'));
    const line = good.slice(0, good.indexOf('mode: enforce')).split('\n').length;

    const said = packageInVain([], { CORDON_CONFIG: file });
    rmSync(folder, { recursive: true });

    expect(said).toContain(
      `\n${file}:${line}: playbooks.0.mode: Invalid option: expected one of "observe"|"approve"|"enforce"`,
    );
  }, 120_000);

  it('says which parameter is wrong, and what to give instead', () => {
    const said = packageInVain(['--param=detector=detect', '--param=email=ops']);

    expect(said).toContain(
      '\nparameter detector=detect: Invalid option: expected one of "cordon"|"device-defender"|"both"\nparameter email=ops: Invalid email address\n',
    );
  }, 120_000);
});
