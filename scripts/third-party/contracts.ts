import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Program, parseJson, type Report } from './step';

interface JestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The laws of the ports, against this server alone. */
export async function runContracts(folder: string, run: Program, report: Report): Promise<void> {
  const file = join(folder, 'contracts.json');
  const only = ['test/contract/ports.test.ts', '-t', 'the server at'];
  const { out } = await run('npm', 'run', '-s', 'jest', '--', ...only, '--json', '--outputFile', file);
  const outcome = parseJson<JestReport>(readFileSync(file, 'utf8'));
  const results = outcome?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  if (results.length === 0) return report('the suites', 'wrong', out);
  const lacked = new Set(
    [...out.matchAll(/^passed over: "[^\n]*": no (\w+) /gm)].map(([, name = '']) => name),
  );
  for (const name of lacked) report(name, 'unknown', 'the server does not know the operation');
  for (const {
    status,
    title,
    failureMessages: [why],
  } of results)
    if (status === 'failed') report(title, 'wrong', why);
  report(`${results.filter(({ status }) => status === 'passed').length} laws`, 'held');
}
