import { listFailures } from '../../scripts/list-failures.mjs';

const file = (name: string, ...tests: readonly (readonly [status: string, fullName: string])[]) => ({
  name: `/checkout/test/${name}.test.ts`,
  status: tests.every(([status]) => status === 'passed') && tests.length > 0 ? 'passed' : 'failed',
  message: `how ${name} failed\n`,
  assertionResults: tests.map(([status, fullName]) => ({ status, fullName })),
});

describe('the list of what failed at the end of npm test', () => {
  it('is empty if nothing failed', () => {
    expect(listFailures([], { testResults: [file('cli/tail', ['passed', 'works'])] }, '/checkout')).toEqual(
      [],
    );
  });

  it('names each check, each test and each file that did not run, and how it failed', () => {
    const result = {
      testResults: [
        file('cli/tail', ['passed', 'works']),
        file('cli/watch', ['failed', 'a watch ends'], ['passed', 'works'], ['failed', 'a watch begins']),
        file('cli/syntax'),
      ],
    };

    expect(listFailures([{ what: 'types (tsc)', output: 'error TS1\n' }], result, '/checkout')).toEqual([
      '',
      'What failed:',
      'FAIL types (tsc)',
      'error TS1',
      'FAIL test/cli/watch.test.ts: a watch ends',
      'FAIL test/cli/watch.test.ts: a watch begins',
      'how cli/watch failed',
      'FAIL test/cli/syntax.test.ts',
      'how cli/syntax failed',
    ]);
  });

  it('prints the first 20 whole, and all names', () => {
    const testResults = Array.from({ length: 30 }, (_, index) =>
      file(`cli/file-${index}`, ['failed', 'a test']),
    );

    const lines = listFailures([], { testResults }, '/checkout');

    expect(lines.filter((line) => line.startsWith('FAIL '))).toHaveLength(30);
    expect(lines.filter((line) => line.startsWith('how '))).toHaveLength(20);
  });

  it('lists the checks if Jest wrote no result', () => {
    expect(listFailures([{ what: 'types (tsc)', output: '' }], undefined, '/checkout')).toEqual([
      '',
      'What failed:',
      'FAIL types (tsc)',
      '',
    ]);
  });
});
