import { printable } from '../shared/domain/announcement';
import type { Case } from '../shared/domain/case';
import { CliError } from './cli-error';
import type { Target } from './target';

const openStatuses = [
  'containment-failed',
  'release-conflict',
  'awaiting-approval',
  'containing',
  'releasing',
  'contained',
  'observed',
] as const;

/** The open cases, those that need somebody first. */
export async function listCases({ history }: Target): Promise<string> {
  const lists = await Promise.all(
    openStatuses.map(async (status) =>
      (await history.listByStatus(status)).map((row) => ({ status, ...row })),
    ),
  );
  const rows = lists.flat();
  if (rows.length === 0) return 'No open case.';
  return rows
    .map(({ status, thingName, severity, caseId, updatedAt }) =>
      [
        status.padEnd(18),
        severity.padEnd(9),
        thingName.padEnd(24),
        new Date(updatedAt).toISOString(),
        caseId,
      ].join(' '),
    )
    .join('\n');
}

export async function readCase(thingName: string, { cases, history }: Target) {
  const stored = await cases.load(thingName);
  if (!stored) throw new CliError(`${thingName} has no case`);
  return { case: stored.value, timeline: await history.readTimeline(stored.value.caseId) };
}

/** A case and its timeline as plain lines; what came from a device is made printable. */
export async function showCase(thingName: string, target: Target): Promise<string> {
  const { case: record, timeline } = await readCase(thingName, target);
  const start = record.openedAt;
  return [
    `${record.thingName}: ${record.status}${record.reason ? ` (${record.reason})` : ''}`,
    `case ${record.caseId}, ${record.severity}, playbook ${record.playbook ?? 'none'}, detector ${record.detector}`,
    ...describeViolations(record),
    ...record.ledger.map(({ action, status, detail }) => `action ${action}: ${status}, ${detail ?? ''}`),
    'timeline:',
    ...timeline.flatMap(({ entries }) =>
      entries.map(
        ({ at, what, actor, detail }) =>
          `  ${new Date(at).toISOString()} +${String(at - start).padStart(6)} ms  ${what}${actor ? ` by ${actor}` : ''}${detail ? `: ${detail}` : ''}`,
      ),
    ),
  ]
    .map(printable)
    .join('\n');
}

function describeViolations(record: Case): string[] {
  return Object.entries(record.violations)
    .filter(([, { caseId }]) => caseId === record.caseId)
    .flatMap(([key, { lastEventType, value, evidence }]) => [
      `violation ${key}: ${lastEventType}, value ${JSON.stringify(value ?? null)}`,
      ...(evidence ?? []).map(
        ({ pid, commandLine, executable, user }) =>
          `  process ${pid ?? '?'}: ${commandLine ?? executable ?? '?'} (user ${user ?? '?'})`,
      ),
    ]);
}

/** Waits until the thing's case satisfies `done`, looking a few times a second. */
export async function waitForCase(
  thingName: string,
  target: Target,
  done: (record: Case | undefined) => boolean,
  waitMs: number,
): Promise<Case | undefined> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const record = (await target.cases.load(thingName))?.value;
    if (done(record) || Date.now() > deadline) return record;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
