import { spawnSync } from 'node:child_process';
import { root } from '../docs/pages';

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
};

describe('npm run', () => {
  it.each([
    ['release', '--help', 'release: unknown argument --help: this command takes none\n'],
    ['package:check', 'x', 'package:check: unknown argument x: this command takes none\n'],
    [
      'check:third-party',
      'bogus',
      'check:third-party: no server bogus: give ministack or moto: npm run check:third-party -- --help lists the options\n',
    ],
    [
      'check:third-party',
      '--bogus',
      "check:third-party: Unknown option '--bogus': npm run check:third-party -- --help lists the options\n",
    ],
  ])('%s refuses %s before it does anything', (command, argument, stderr) => {
    expect(run(command, '--', argument)).toEqual({ status: 2, stdout: '', stderr });
  });

  it('test:quick prints its usage, and not that of Jest after a run of all checks', () => {
    const { status, stdout } = run('test:quick', '--', '--help');

    expect({ status, usage: stdout.split('\n')[0] }).toEqual({
      status: 0,
      usage: 'usage: npm run test:quick -- [PATH...] [options of Jest]',
    });
  });
});
