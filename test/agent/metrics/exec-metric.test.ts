import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecDefinition } from '../../../agent/config/metric-definition';
import { createExecRunner, readOutput } from '../../../agent/metrics/exec-metric';
import { waitFor } from '../poll';

function aProgram(script: string, changes: Partial<ExecDefinition> = {}): ExecDefinition {
  return {
    metric: 'm',
    collect: 'exec',
    command: ['/bin/sh', '-c', script],
    type: 'number',
    everySeconds: 60,
    timeoutSeconds: 30,
    ...changes,
  };
}

describe('readOutput', () => {
  it.each([
    ['number', ' 42.5\n', { number: 42.5 }],
    ['number', '-1e3', { number: -1000 }],
    ['number', '0.12345678901234567', { number: 0.123456789012346 }],
    ['number-list', '1\n2\r\n\n3\n', { number_list: [1, 2, 3] }],
    ['number-list', '', { number_list: [] }],
    ['string-list', 'sda1\n/dev/sdb:x\n', { string_list: ['sda1', '/dev/sdb:x'] }],
    ['ip-address-list', '10.0.0.1\n2001:db8::1\n', { ip_list: ['10.0.0.1', '2001:db8::1'] }],
  ] as const)('reads a %s from %j', (type, output, value) => {
    expect(readOutput(output, type)).toEqual({ value });
  });

  it.each([
    ['number', '', 'printed no number'],
    ['number', '42 C', 'printed no number'],
    ['number', '0x10', 'printed no number'],
    ['number', 'Infinity', 'printed no number'],
    ['number', '1e999', 'printed no number'],
    ['number-list', '1\nx', 'printed a line that is not a number'],
    ['string-list', 'a b', 'printed a line with other characters than a-z A-Z 0-9 : _ . / -'],
    ['ip-address-list', '10.0.0.256', 'printed a line that is not an IP address'],
    ['number-list', '1\n'.repeat(51), 'printed more than 50 lines'],
  ] as const)('says what is wrong with the %s %j', (type, output, failure) => {
    expect(readOutput(output, type)).toEqual({ failure });
  });
});

describe('createExecRunner', () => {
  const outcomeOf = async (definition: ExecDefinition) => {
    const runner = createExecRunner([definition]);
    runner.look(0);
    await runner.settled();
    return runner.look(1).get(definition.metric);
  };

  it('returns what the program printed', async () => {
    expect(await outcomeOf(aProgram('echo 7'))).toEqual({ value: { number: 7 } });
  });

  it('passes arguments without a shell, and passes nothing of its own environment', async () => {
    process.env.CORDON_EXEC_TEST = 'secret';
    const program = aProgram('', {
      command: ['/usr/bin/env', 'printenv', 'CORDON_EXEC_TEST;echo 7'],
    });
    const outcome = await outcomeOf(program);
    delete process.env.CORDON_EXEC_TEST;

    expect(outcome).toEqual({ failure: 'ended with 1' });
    expect(await outcomeOf(aProgram('printenv CORDON_EXEC_TEST'))).toEqual({ failure: 'ended with 1' });
  });

  it.each([
    ['ended with 3', aProgram('echo 7; exit 3')],
    ['ended by SIGTERM', aProgram('kill $$')],
    ["can't be run (ENOENT)", aProgram('', { command: ['/nonexistent/program'] })],
    ["can't be run (EACCES)", aProgram('', { command: ['/etc/passwd'] })],
    ['printed more than 65536 bytes', aProgram('yes')],
    ['not done in 1 s', aProgram('sleep 60', { timeoutSeconds: 1 })],
    ['not done in 1 s', aProgram('sleep 60 & echo 7', { timeoutSeconds: 1 })],
  ])('says %s', async (failure, program) => {
    expect(await outcomeOf(program)).toEqual({ failure });
  });

  it('kills the program and its descendants when its time is over', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cordon-exec-'));
    const file = join(directory, 'pid');
    writeFileSync(file, '');
    let pid = '';
    // On a busy machine, a program may time out before it begins.
    while (pid === '') {
      await outcomeOf(aProgram(`sleep 60 & echo $! > ${file}; wait`, { timeoutSeconds: 1 }));
      pid = readFileSync(file, 'utf8').trim();
    }
    rmSync(directory, { recursive: true });

    await waitFor('its end', () => hasEnded(pid));
  });

  it('runs a program again when it is due, one at a time', async () => {
    const runner = createExecRunner([aProgram('echo 7', { everySeconds: 10 })]);
    const seen = [];
    for (const now of [0, 5_000, 9_999, 10_000, 20_000]) {
      const before = runner.settled();
      runner.look(now);
      seen.push(runner.settled() === before);
      await runner.settled();
    }

    expect(seen).toEqual([false, true, true, false, false]);
  });

  it('starts nothing more once it is stopped', async () => {
    const runner = createExecRunner([aProgram('sleep 60'), aProgram('echo 7', { metric: 'n' })]);
    runner.look(0);
    runner.stop();
    await runner.settled();

    expect([...runner.look(1)]).toEqual([]);
  });
});

function hasEnded(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    // No zombie is left either.
    return true;
  }
}
