import { type Case, isOpen } from '../../shared/domain/case/case';
import { findKeptUntil } from '../../shared/domain/case/keeping';
import { findRequest } from '../../shared/domain/case/person-request';
import { findReleaseAt } from '../../shared/domain/case/release-rule';
import { listStrength } from '../../shared/domain/case/strength';
import { damagedItem } from '../../shared/domain/damaged-item';
import { listPossible } from '../../shared/domain/decide/operator-actions';
import { pickFloods } from '../../shared/domain/detection/floods';
import { listRestorations } from '../../shared/domain/lists/restores';
import { measure, printable } from '../../shared/domain/messages/announcement';
import { describeAction } from '../../shared/domain/messages/describe-action';
import { showCaseInWords } from '../../shared/domain/messages/describe-case';
import { describeAll } from '../../shared/domain/messages/describe-detail';
import { describeStrength } from '../../shared/domain/messages/describe-news';
import { describeReason, describeRequest } from '../../shared/domain/messages/describe-reason';
import { describeAlarm, describeFinding, nameFinding } from '../../shared/domain/messages/describe-value';
import { writeRelease } from '../../shared/domain/words';
import { type CaseReader, findCase } from '../cases/find-case';
import { describeFlood } from '../cases/floods';
import { CliError } from '../cli-error';
import { plain, type Screen, statusFormat } from '../look/style';
import { writeTime } from '../look/times';
import { wrapWords } from '../look/wrap';
import { requireThing } from '../require-thing';
import type { Target } from '../target';
import { listNextCommands } from './next-commands';
import { describeFacts } from './registry-facts';

type FloodingCaseReader = CaseReader & { readonly floods: Pick<Target['floods'], 'list'> };

/** Earlier cases that are listed. */
const mostEarlier = 5;

/** The newest case of a thing, or the case of an id, with what else is known of its thing. */
async function findShown(name: string, reader: FloodingCaseReader) {
  // A case id has the characters of a thing name, too.
  const named = requireThing(name);
  const all = await reader.floods.list(Date.now());
  const { record, rows } = await findCase(name, reader).catch((error: unknown) => {
    const flooding = error instanceof CliError ? pickFloods(all, named, undefined) : [];
    throw flooding.length > 0 && error instanceof CliError
      ? new CliError([error.message, ...flooding.map(describeFlood)], error)
      : error;
  });
  const { thingName, caseId } = record;
  const closed = await reader.history.listClosed(thingName, mostEarlier + 2);
  const earlier = closed.cases.filter((one) => one.caseId !== caseId && one.openedAt <= record.openedAt);
  const { damaged } = closed;
  return { record, rows, flooding: pickFloods(all, thingName, record.facts), earlier, damaged };
}

/** A case and its timeline as data: in words, with the code of its reason beside. */
export async function readCase(name: string, reader: FloodingCaseReader) {
  const { record, rows, flooding, earlier, damaged } = await findShown(name, reader);
  return {
    case: showCaseInWords(record),
    ...(flooding.length > 0 && { floods: flooding }),
    acts: listPossible(record),
    restores: listRestorations(record),
    earlier: earlier.slice(0, mostEarlier).map((one) => ({
      ...{ caseId: one.caseId, status: one.status, severity: one.severity, openedAt: one.openedAt },
      ...(one.status === 'closed' && { closedAt: one.closedAt }),
      ...(one.reason && { reason: describeReason(one.reason) }),
    })),
    ...(damaged.length > 0 && { damaged }),
    timeline: rows,
  };
}

/** A case and its timeline as plain lines; what came from a device is made printable. */
export async function showCase(
  name: string,
  reader: FloodingCaseReader,
  screen: Screen = plain,
): Promise<string> {
  const { record, rows, flooding, earlier, damaged } = await findShown(name, reader);
  const { paint, width } = screen;
  const start = record.openedAt;
  const request = findRequest(record, Date.now());
  const format = statusFormat(record.status);
  const [title = '', ...lines] = [
    `${record.thingName}: ${record.status}${record.reason ? ` (${describeReason(record.reason)})` : ''}`,
    `case ${record.caseId}, ${record.severity}, playbook ${record.playbook ?? 'none'}, detector ${record.detector}`,
    ...flooding.map(describeFlood),
    ...(request ? [`second person: ${describeRequest(request)}`] : []),
    ...describeHold(record),
    ...describeViolations(record),
    ...describeFacts(record.facts),
    ...record.ledger.map(
      ({ detail, ...entry }) => `action ${describeAction({ ...entry, detail: describeAll(detail) ?? '' })}`,
    ),
    ...describeRestorations(record),
    ...describeEarlier(earlier, damaged),
    ...describeKeeping(record),
    'timeline:',
    ...rows.flatMap(({ entries }) =>
      entries.map(
        ({ at, what, actor, detail }) =>
          `  ${writeTime(at)} +${String(at - start).padStart(6)} ms  ${what}${actor ? ` by ${actor}` : ''}${detail ? `: ${detail}` : ''}`,
      ),
    ),
    'next:',
  ].map(printable);
  const told = wrapWords([format ? paint(format, title) : title, ...lines].join('\n'), width);
  // A command stays on its line, so that it can be copied.
  return [told, ...listNextCommands(record, screen)].join('\n');
}

/** The changes of a release, according to the present state. The release itself compares again. */
function describeRestorations(record: Case): string[] {
  return listRestorations(record).map(
    ({ object, name, now, before }) =>
      `a release restores ${object} ${shorten(name)}: now ${now}, then ${before}`,
  );
}

/** People know the first characters of a certificate's id. */
function shorten(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}

function describeEarlier(earlier: readonly Case[], damaged: readonly string[]): string[] {
  if (earlier.length + damaged.length === 0) return [];
  const more = earlier.length > mostEarlier ? ['  and more'] : [];
  return [
    'earlier cases:',
    ...earlier
      .slice(0, mostEarlier)
      .map(
        ({ caseId, openedAt, reason }) =>
          `  ${writeTime(openedAt)}  ${caseId}${reason ? `  ${describeReason(reason)}` : ''}`,
      ),
    ...more,
    ...damaged.map((caseId) => `  ${caseId}  ${damagedItem}`),
  ];
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
          `containment began${pastContainments.length > 1 ? ` ${pastContainments.length} times` : ''}: ${pastContainments.slice(-5).map(writeTime).join(', ')}`,
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
    .flatMap(([key, violation]) => [
      `${violation.kind === undefined ? 'violation ' : ''}${nameFinding(key)}: ${describeAlarm(violation.lastEventType)}, ${describeFinding(violation)}`,
      ...(violation.evidence ?? []).flatMap(({ pid, commandLine, executable, user, parents = [] }) => [
        `  process ${pid ?? '?'}: ${commandLine ?? executable ?? '?'} (user ${user ?? '?'})`,
        ...(parents.length > 0 ? [`    started by ${parents.join(' < ')}`] : []),
      ]),
      ...(violation.uncounted ?? []).map(
        (exception) => `  not counted, by an exception of the agent: ${exception}`,
      ),
    ]);
}
