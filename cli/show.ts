import { writeCount, writeRelease } from '../shared/config/words';
import { type Case, isOpen } from '../shared/domain/case/case';
import { findKeptUntil } from '../shared/domain/case/keeping';
import { listStrength } from '../shared/domain/case/strength';
import { findReleaseAt } from '../shared/domain/case/timers';
import { pickFloods } from '../shared/domain/detection/floods';
import { measure, printable } from '../shared/domain/messages/announcement';
import { showCaseInWords } from '../shared/domain/messages/describe-case';
import { describeAll } from '../shared/domain/messages/describe-detail';
import { describeStrength } from '../shared/domain/messages/describe-news';
import { describeReason } from '../shared/domain/messages/describe-reason';
import { CliError } from './cli-error';
import type { CaseReader } from './find-case';
import { describeFlood } from './floods';
import { writeTime } from './look/times';
import { requireThing } from './require-thing';
import type { Target } from './target';

type FloodingCaseReader = CaseReader & { readonly floods: Pick<Target['floods'], 'list'> };

async function findNewest(name: string, { cases, history, floods }: FloodingCaseReader) {
  const thingName = requireThing(name);
  const [stored, all] = await Promise.all([cases.load(thingName), floods.list(Date.now())]);
  const flooding = pickFloods(all, thingName, stored?.value.facts);
  if (!stored) throw new CliError([`${thingName} has no case`, ...flooding.map(describeFlood)]);
  const timeline = await history.readTimeline(stored.value.caseId);
  return { record: stored.value, flooding, timeline };
}

/** A case and its timeline as data: in words, with the code of its reason beside. */
export async function readCase(thingName: string, reader: FloodingCaseReader) {
  const { record, flooding, timeline } = await findNewest(thingName, reader);
  return { case: showCaseInWords(record), ...(flooding.length > 0 && { floods: flooding }), timeline };
}

/** A case and its timeline as plain lines; what came from a device is made printable. */
export async function showCase(thingName: string, reader: FloodingCaseReader): Promise<string> {
  const { record, flooding, timeline } = await findNewest(thingName, reader);
  const start = record.openedAt;
  return [
    `${record.thingName}: ${record.status}${record.reason ? ` (${describeReason(record.reason)})` : ''}`,
    `case ${record.caseId}, ${record.severity}, playbook ${record.playbook ?? 'none'}, detector ${record.detector}`,
    ...flooding.map(describeFlood),
    ...describeHold(record),
    ...describeViolations(record),
    ...record.ledger.map(
      ({ action, status, detail }) => `action ${action}: ${status}, ${describeAll(detail) ?? ''}`,
    ),
    ...describeKeeping(record),
    'timeline:',
    ...timeline.flatMap(({ entries }) =>
      entries.map(
        ({ at, what, actor, detail }) =>
          `  ${writeTime(at)} +${String(at - start).padStart(6)} ms  ${what}${actor ? ` by ${actor}` : ''}${detail ? `: ${detail}` : ''}`,
      ),
    ),
  ]
    .map(printable)
    .join('\n');
}

/** The speed, number, strength and end of the containment. */
function describeHold(record: Case): string[] {
  const { appliedMs, verifiedMs, decidedMs } = measure(record);
  const { escalation, pastContainments = [], release, dueAt, heldBackBy } = record;
  const releaseAt = isOpen(record) ? findReleaseAt(record) : undefined;
  return [
    ...(appliedMs === undefined ? [] : [`from alert to applied: ${appliedMs} ms`]),
    ...(verifiedMs === undefined ? [] : [`from alert to verified denial: ${verifiedMs} ms`]),
    ...(decidedMs === undefined ? [] : [`from decision to verified denial: ${decidedMs} ms`]),
    ...(pastContainments.length > 0
      ? [
          `contained ${writeCount(pastContainments.length, 'time')}: ${pastContainments.slice(-5).map(writeTime).join(', ')}`,
        ]
      : []),
    ...listStrength(record).map((one) => `strength: ${describeStrength(one)}`),
    ...(escalation ? [`escalated by ${escalation.join(' + ')}, because it was contained repeatedly`] : []),
    ...(release
      ? [`release: ${writeRelease(release)}${releaseAt === undefined ? '' : `, at ${writeTime(releaseAt)}`}`]
      : []),
    ...(heldBackBy ? ['held back by the kill switch: Cordon decides again once it is off'] : []),
    ...(record.status === 'awaiting-approval' && !heldBackBy && dueAt !== undefined
      ? [`the approval request expires at ${writeTime(dueAt)}`]
      : []),
  ];
}

/** When a closed case expires. */
function describeKeeping(record: Case): string[] {
  const keptUntil = findKeptUntil(record);
  return keptUntil === undefined
    ? []
    : [`kept until ${writeTime(keptUntil)}; then the case and its timeline are deleted`];
}

function describeViolations(record: Case): string[] {
  return Object.entries(record.violations)
    .filter(([, { caseId }]) => caseId === record.caseId)
    .flatMap(([key, { lastEventType, value, evidence, uncounted = [] }]) => [
      `violation ${key}: ${lastEventType}, value ${JSON.stringify(value ?? null)}`,
      ...(evidence ?? []).map(
        ({ pid, commandLine, executable, user }) =>
          `  process ${pid ?? '?'}: ${commandLine ?? executable ?? '?'} (user ${user ?? '?'})`,
      ),
      ...uncounted.map((exception) => `  not counted, by an exception of the agent: ${exception}`),
    ]);
}
