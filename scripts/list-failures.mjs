import { relative } from 'node:path';

/** This many failures are printed in full; of the others only the names. */
const whole = 20;

/**
 * Lists what failed once more, together: the end of a log is what a CI keeps and what people look at first. Takes the checks that failed, what Jest
 * writes with `--json`, and the folder that paths are relative to; returns lines.
 */
export function listFailures(checks, result, root) {
  const files = (result?.testResults ?? []).filter(({ status }) => status === 'failed');
  const failures = [
    ...checks.map(({ what, output }) => ({ names: [what], output })),
    ...files.map(({ name, message, assertionResults }) => ({
      names: listNames(relative(root, name), assertionResults),
      output: message,
    })),
  ];
  if (failures.length === 0) return [];
  return [
    '',
    'What failed:',
    ...failures.flatMap(({ names, output }, index) => [
      ...names.map((name) => `FAIL ${name}`),
      ...(index < whole ? [output.trimEnd()] : []),
    ]),
  ];
}

/** A file without a failed test did not run, or failed in a hook. */
function listNames(file, tests) {
  const failed = tests.filter(({ status }) => status === 'failed');
  return failed.length === 0 ? [file] : failed.map(({ fullName }) => `${file}: ${fullName}`);
}
