import { printable } from '../../shared/domain/messages/announcement';
import { writeCount } from '../../shared/domain/words';
import type { Replay, Summary } from '../../shared/replay/compare';
import { describeResponse, outcomeWords } from '../../shared/replay/words';

/** Lines of one list shown to people; --json has all. */
const shown = 40;

/** A replay in words. Names and reasons may come from the recording, so they are made printable. */
export function writeReplay(replay: Replay): string {
  const { alerts, things, firstAt, lastAt, present, differences, rejected } = replay;
  const span =
    firstAt === undefined || lastAt === undefined
      ? ''
      : `, ${new Date(firstAt).toISOString()} to ${new Date(lastAt).toISOString()}`;
  return [
    `${writeCount(alerts, 'alert')} of ${writeCount(things, 'thing')}${span}`,
    ...(replay.ignored > 0
      ? [`Not alerts, ignored (such as Audit): ${writeCount(replay.ignored, 'message')}`]
      : []),
    'Assumptions:',
    ...replay.assumptions.map((text) => `  ${text}`),
    '',
    ...writeSummary(present ? 'Candidate' : 'Present', replay.candidate),
    ...(present ? ['', ...writeSummary('Present', present), ''] : []),
    ...(present && differences.length === 0 ? ['No thing would be treated differently.'] : []),
    ...(differences.length > 0 ? [`Different for ${writeCount(differences.length, 'thing')}:`] : []),
    ...cut(
      differences.map(
        (pair) =>
          `  ${pair.thingName}: ${describeResponse(pair.candidate)}; now ${describeResponse(pair.present)}`,
      ),
    ),
    ...(rejected.length > 0 ? ['', `Rejected: ${rejected.length}`] : []),
    ...cut(rejected.map(({ where, reason }) => `  ${where}: ${reason}`)),
  ]
    .map(printable)
    .join('\n');
}

function writeSummary(title: string, summary: Summary): string[] {
  return [
    `${title} (${summary.file}): contained ${writeCount(summary.contained, 'thing')}, asked about ${summary.asked}, only recorded ${summary.observed}`,
    `  in total ${writeCount(summary.containments, 'containment')}, ${writeCount(summary.questions, 'question')}, ${writeCount(summary.releases, 'release')} by time`,
    ...cut(
      summary.byPlaybook.map(
        ({ playbook, contained, asked, observed }) =>
          `  ${playbook}: contained ${contained}, asked about ${asked}, only recorded ${observed}`,
      ),
    ),
    ...cut(
      summary.reasons.map(({ outcome, reason, things }) => `  ${things} ${outcomeWords[outcome]}: ${reason}`),
    ),
  ];
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - shown;
  return more > 0 ? [...lines.slice(0, shown), `  and ${more} more (--json has all)`] : [...lines];
}
