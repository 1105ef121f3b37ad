import { clip } from '../text';
import { printable } from './announcement';
import type { Announcement } from './announcement-schema';
import { describeAction } from './describe-act';
import {
  describeDecision,
  describeMessage,
  describeSeen,
  describeSeverity,
  describeSwitch,
  findRunbook,
  listNextCommands,
  titleOfMessage,
} from './describe-state';

/** Of a subject, which is ASCII without line breaks (SNS API, Publish). */
const subjectMax = 99;

/**
 * `[contained] mything1 (Cordon case 1a2b3c4d)`. Mail programs thread by the subject without what is in brackets before it
 * (RFC 5256, "Base Subject"), so that all mails of a case are one conversation and each shows its state first.
 */
export function writeSubject(announcement: Announcement): string {
  const { thingName, caseId, drill, title, kind } = announcement;
  if (title !== undefined && kind === 'storm') {
    // The numbers before the name, which stays the same.
    const [name = '', ...counts] = title.split(': ');
    const room = subjectMax - name.length - '[]  (Cordon)'.length;
    return `[${clip(counts.join(': '), room)}] ${name} (Cordon)`.replace(/[^ -~]/g, '?').slice(0, subjectMax);
  }
  if (title !== undefined)
    return `[${announcement.kind}] ${title} (Cordon)`.replace(/[^ -~]/g, '?').slice(0, subjectMax);
  const before = `[${drill ? 'DRILL ' : ''}${describeMessage(announcement)}] `;
  const after = ` (Cordon case ${caseId.slice(0, 8)})`;
  const room = subjectMax - before.length - after.length;
  const name = thingName.length <= room ? thingName : `${thingName.slice(0, room - 3)}...`;
  return `${before}${name}${after}`.replace(/[^ -~]/g, '?');
}

/** The announcement as plain lines. Control characters are gone, so no line can be forged. */
export function writeText(announcement: Announcement): string {
  const { text, violations, evidence, uncounted = [], actions } = announcement;
  return [
    titleOfMessage(announcement),
    text,
    '',
    ...label('Cases', announcement.cases ?? []),
    ...label('Seen', violations.map(describeSeen)),
    ...label('Process', evidence),
    ...label(
      'Excepted',
      uncounted.map((row) => `${row}, by the agent's own configuration`),
    ),
    ...label('Done', actions.map(describeAction)),
    ...label('Switch', [describeSwitch(announcement)]),
    ...label('Decided', [describeDecision(announcement)]),
    ...label('Severity', [describeSeverity(announcement)]),
    ...label('Registry', announcement.enrichment),
    ...label('Case', announcement.cases ? [] : [announcement.caseId]),
    '',
    ...label('Next', listNextCommands(announcement)),
    ...label('Console', [announcement.link]),
    ...label('Runbook', [findRunbook(announcement)]),
  ]
    .map(printable)
    .join('\n');
}

/** The label stands before the first row only. */
function label(name: string, rows: readonly (string | undefined)[]): string[] {
  return rows
    .filter((row) => row !== undefined)
    .map((row, index) => `${(index === 0 ? `${name}:` : '').padEnd(10)}${row}`);
}
