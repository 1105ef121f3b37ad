import { check } from '../check/check';
import type { Finding } from '../check/finding';
import type { Settings } from '../config/settings';
import { host } from '../host';
import { createProblems } from '../problems';
import { openReportIds } from '../report/report-id';
import { collectOnce } from './once';
import { createDependencies } from './run-agent';

/** Prints each finding at once, or all as one JSON object, and returns the exit code: 1 if one failed. */
export async function runCheck(settings: Settings, json: boolean): Promise<number> {
  const { connection, stateDirectory } = settings;
  if (!connection) throw new Error('a check needs a connection');
  const problems = createProblems(() => undefined);
  const dependencies = createDependencies(settings, () => undefined, problems);
  const findings: Finding[] = [];
  const steps = check(
    { ...settings, connection },
    {
      wallClock: Date.now,
      collect: async (destination) => {
        const reportIds = openReportIds(stateDirectory, connection.thingName, problems);
        return collectOnce({ ...settings, destinations: [destination] }, { ...dependencies, reportIds });
      },
    },
  );
  for await (const finding of steps) {
    findings.push(finding);
    if (!json) host.writeOutput(toLines(finding));
  }
  const hasFailed = findings.some(({ outcome }) => outcome === 'failed');
  if (json) host.writeOutput(`${JSON.stringify({ ok: !hasFailed, findings }, undefined, 2)}\n`);
  return hasFailed ? 1 : 0;
}

function toLines({ check: name, outcome, detail, advice }: Finding): string {
  const line = `${outcome.padEnd(8)} ${name.padEnd(11)} ${detail}\n`;
  return advice === undefined ? line : `${line}${' '.repeat(21)}${advice}\n`;
}
