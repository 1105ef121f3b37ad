import { printable } from './announcement';
import type { Announcement } from './announcement-schema';
import { describeAction } from './describe-action';
import {
  describeDecision,
  describeMessage,
  describeSeen,
  describeSeverity,
  describeState,
  describeSwitch,
  findRunbook,
  listNextCommands,
  titleOfMessage,
} from './describe-state';

/** The greatest length of a subject, which is ASCII without line breaks (SNS API, Publish). */
const subjectMax = 99;

/**
 * `[contained] mything1 (Cordon case 1a2b3c4d)`. Mail programs thread by the subject without what is in brackets before it
 * (RFC 5256, "Base Subject"), so that all mails of a case are one conversation and each shows its state first.
 */
export function writeSubject(announcement: Announcement): string {
  const { thingName, caseId, drill, title, kind } = announcement;
  if (title !== undefined) return writeSubjectOfMany(kind, title);
  const name = shorten(thingName, nameMax);
  const base = `${name} (Cordon case ${caseId.slice(0, 8)})`;
  const room = subjectMax - base.length - '[] '.length;
  const state = `${drill ? 'DRILL ' : ''}${describeMessage(announcement)}`;
  // News that stand beside a long state are in the first line of the mail, too.
  const fitting = state.length <= room ? state : `${drill ? 'DRILL ' : ''}${describeState(announcement)}`;
  return `[${shorten(fitting, room)}] ${base}`.replace(/[^ -~]/g, '?');
}

/** All digests are one conversation, and so are all states of a storm: the numbers are in the brackets. */
function writeSubjectOfMany(kind: string, title: string): string {
  const [, before = '', name = '', since = '', numbers = ''] =
    /^(storm of )(.*)( since [^:]*:[^:]*): (.*)$/.exec(title) ?? [];
  const base = name ? `${before}${shorten(name, stormMax)}${since} (Cordon)` : `${kind} (Cordon)`;
  const room = subjectMax - base.length - '[] '.length;
  return `[${fitParts(numbers || title, room)}] ${base}`.replace(/[^ -~]/g, '?').slice(0, subjectMax);
}

/** As many parts of `3 FAILED to be contained, 287 wait for approval` as fit. */
function fitParts(text: string, room: number): string {
  if (text.length <= room) return text;
  const cut = ', ...';
  const parts = text.split(', ');
  while (parts.length > 1 && parts.join(', ').length + cut.length > room) parts.pop();
  return shorten(`${parts.join(', ')}${cut}`, room);
}

/**
 * Names are cut at the same length in all mails of a case, whatever its status; otherwise each mail would begin a new
 * conversation.
 */
const nameMax = 36;
const stormMax = 30;

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 3)}...`;
}

/** The announcement as plain lines. Control characters are removed, so no line can be forged. */
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

/** Only the first row has the label. */
function label(name: string, rows: readonly (string | undefined)[]): string[] {
  return rows
    .filter((row) => row !== undefined)
    .map((row, index) => `${(index === 0 ? `${name}:` : '').padEnd(10)}${row}`);
}
