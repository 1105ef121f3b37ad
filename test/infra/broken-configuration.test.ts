import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './template';

describe('sls package with a cordon.yml that is wrong', () => {
  it('says file, line and what to write instead, and shows no stack', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-broken-'));
    const file = join(folder, 'cordon.yml');
    const good = readFileSync(join(root, 'cordon.yml'), 'utf8');
    writeFileSync(file, good.replace('mode: enforce', 'mode: enforec'));
    const line = good.slice(0, good.indexOf('mode: enforce')).split('\n').length;

    const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/.bin/osls', 'package'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, CORDON_CONFIG: file },
    });
    rmSync(folder, { recursive: true });

    const said = `${stdout}${stderr}`;
    expect(status).not.toBe(0);
    expect(said).toContain(
      `\n${file}:${line}: playbooks.0.mode: Invalid option: expected one of "observe"|"approve"|"enforce"`,
    );
    expect(said).not.toMatch(/^\s+at /m);
  }, 120_000);
});
