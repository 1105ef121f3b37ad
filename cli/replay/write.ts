import { writeCount } from '../../shared/config/words';
import { printable } from '../../shared/domain/messages/announcement';
import type { Replay, Summary } from './compare';
import type { Response } from './simulate';

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
        (pair) => `  ${pair.thingName}: ${describe(pair.candidate)}; now ${describe(pair.present)}`,
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
    ...cut(summary.reasons.map(({ outcome, reason, things }) => `  ${things} ${words[outcome]}: ${reason}`)),
  ];
}

const words = { contained: 'contained', asked: 'asked about', observed: 'only recorded' } as const;

function describe(response: Response | undefined): string {
  if (!response) return 'no case';
  const { outcome, playbook = 'no playbook', actions, reason, containments, questions, releases } = response;
  const how = outcome === 'contained' ? actions.join(' + ') : (reason ?? 'no reason');
  const counts = [
    containments > 1 && writeCount(containments, 'time'),
    outcome === 'contained' && questions > 0 && `asked ${writeCount(questions, 'time')}`,
    releases > 0 && `released by time ${writeCount(releases, 'time')}`,
  ].filter(Boolean);
  return `${words[outcome]} (${[`${playbook}: ${how}`, ...counts].join('; ')})`;
}

function cut(lines: readonly string[]): string[] {
  const more = lines.length - shown;
  return more > 0 ? [...lines.slice(0, shown), `  and ${more} more (--json has all)`] : [...lines];
}
