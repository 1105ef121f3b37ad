import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { describeAction } from '../../../../shared/domain/messages/describe-action';
import {
  describeDecision,
  describeSeen,
  describeSeverity,
  describeSwitch,
  findRunbook,
  listNextCommands,
  titleOf,
  titleOfMessage,
} from '../../../../shared/domain/messages/describe-state';
import { clip } from '../../../../shared/domain/text';
import type { Superseded } from '../../../../shared/storage/channel-states';
import { isSafeLink } from '../link';

/** What Teams posts: 28 KB at most. A character may be three bytes, so the texts of a card are far below. */
const lineMax = 200;
const mostLines = 4;

const colors = new Map([
  ['contained', 'good'],
  ['closed', 'good'],
  ['containment-failed', 'attention'],
  ['release-conflict', 'attention'],
  ['awaiting-approval', 'warning'],
  ['storm', 'warning'],
]);

export function writeCard(newest: Announcement, earlier: readonly Superseded[] = []): object {
  const { status, caseId, text, violations, evidence, actions, seq, link } = newest;
  const body = [
    line([
      {
        text: clip(titleOfMessage(newest), 250),
        size: 'large',
        weight: 'bolder',
        color: colors.get(status) ?? 'default',
      },
    ]),
    line([{ text: clip(text, 1_000) }]),
    ...fact('What happened', violations.map(describeSeen)),
    ...fact('Cases', newest.cases ?? []),
    ...fact('Processes', evidence),
    ...fact('What was done', actions.map(describeAction)),
    ...fact('Kill switch', [describeSwitch(newest)]),
    ...fact('Decision', [describeDecision(newest)]),
    ...fact('Severity', [describeSeverity(newest)]),
    ...fact(
      'Before',
      earlier.map((one) => one.text),
    ),
    ...fact('Next', listNextCommands(newest), true),
    ...fact('Runbook', [findRunbook(newest)]),
    ...fact('Case', [`${caseId}, state ${seq}. A card of this case with a lower number is out of date.`]),
  ];
  const actionsOf = isSafeLink(link) ? [{ type: 'Action.OpenUrl', title: 'Open the case', url: link }] : [];
  return wrap(body, actionsOf, { caseId: clip(caseId, 128), seq, status: clip(printable(status), 40) });
}

/** One card for many cases. */
export function writeSummaryCard(named: readonly Announcement[], count: number): object {
  const more = count - named.length;
  return wrap(
    [
      line([{ text: `${count} cases changed at once`, size: 'large', weight: 'bolder' }]),
      ...named.map((one) => line([{ text: clip(titleOf(one), lineMax) }])),
      ...(more > 0 ? [line([{ text: `and ${more} more` }])] : []),
    ],
    [],
    {},
  );
}

interface Run {
  readonly text: string;
  readonly size?: string;
  readonly weight?: string;
  readonly color?: string;
  readonly fontType?: string;
}

/** Text runs have no Markdown, whereas a text block would make links of a device's text (Adaptive Cards, "TextRun"). */
function line(runs: readonly Run[]): object {
  return {
    type: 'RichTextBlock',
    inlines: runs.map((run) => ({ type: 'TextRun', ...run, text: printable(run.text) || 'nothing' })),
  };
}

/** Only the first row has the label. */
function fact(label: string, rows: readonly (string | undefined)[], isCode = false): object[] {
  const told = rows.filter((row) => row !== undefined && row !== '') as string[];
  const shown = told.slice(0, mostLines).map((row) => clip(row, lineMax));
  const more = told.length > shown.length ? [`and ${told.length - shown.length} more`] : [];
  return [...shown, ...more].map((row, index) =>
    line([
      ...(index === 0 ? [{ text: `${label}: `, weight: 'bolder' }] : []),
      { text: row, ...(isCode && { fontType: 'monospace' }) },
    ]),
  );
}

/** `cordon` is for a workflow of one's own: the key of the case, and which state is newer. */
function wrap(body: readonly object[], actions: readonly object[], cordon: object): object {
  return {
    type: 'message',
    cordon,
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          body,
          ...(actions.length > 0 && { actions }),
        },
      },
    ],
  };
}
