import type { KnownBlock, MrkdwnElement } from '@slack/web-api';
import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { describeActionState } from '../../../../shared/domain/messages/describe-action';
import {
  describeDecision,
  describeSeen,
  describeSeverity,
  describeSwitch,
  findRunbook,
  listNextCommands,
  titleOf,
  titleOfStep,
  titleWithin,
} from '../../../../shared/domain/messages/describe-state';
import { clip } from '../../../../shared/domain/text';
import type { Superseded } from '../../../../shared/storage/channel-states';
import { describeAsked, writeButtons } from './buttons';
import type { Slack } from './client';
import { escapeText } from './escape-text';

/** Slack's limits: 150 characters in a header, 3,000 in a section, 2,000 in a field, 50 blocks (Block Kit reference). */
const headerMax = 150;
const fieldMax = 1_900;
const sectionMax = 2_900;

const icons = new Map([
  ['contained', '🔒'],
  ['containing', '⏳'],
  ['containment-failed', '🚨'],
  ['awaiting-approval', '✋'],
  ['observed', '👀'],
  ['release-conflict', '⚠️'],
  ['closed', '✅'],
  ['storm', '🌩️'],
]);

export interface SlackMessage {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/**
 * The state of a case: the root message of its thread, updated in place. A webhook's messages can have no buttons, as
 * Slack sends those to the app that posted; they name the commands instead.
 */
export function writeRootMessage(
  announcement: Announcement,
  kind: Slack['kind'],
  again = false,
): SlackMessage {
  const { status, caseId, request, text } = announcement;
  const seen = describeSwitch(announcement);
  const icon = `${icons.get(status) ?? '•'} `;
  const title = `${icon}${titleOf(announcement)}`;
  const header = `${icon}${titleWithin(announcement, headerMax - icon.length)}`;
  const facts = [
    ['Severity', describeSeverity(announcement)],
    ['Decision', describeDecision(announcement)],
    ['Case', announcement.cases ? undefined : caseId],
  ].flatMap(([name, value]) => (value ? `*${name}*\n${escapeText(value)}` : []));
  const blocks: KnownBlock[] = [
    { type: 'header', text: { type: 'plain_text', text: printable(header) } },
    ...(text ? [{ type: 'section', text: markdown(clip(escapeText(text), sectionMax)) } as const] : []),
    // Slack refuses an empty list, which the end of a storm would have.
    ...(facts.length > 0
      ? [{ type: 'section', fields: facts.map((fact) => markdown(clip(fact, fieldMax))) } as const]
      : []),
    ...section('Kill switch', seen ? [escapeText(seen)] : []),
    ...section('Cases', (announcement.cases ?? []).map(escapeText)),
    ...section(
      'What happened',
      announcement.violations.map((one) =>
        one.words && !one.kind
          ? `${escapeText(one.words)} (${code(one.behavior)})`
          : escapeText(describeSeen(one)),
      ),
    ),
    ...section('Processes', announcement.evidence.map(code)),
    ...section('Not counted, by the exceptions of the agent', (announcement.uncounted ?? []).map(code)),
    ...section(
      'What was done',
      announcement.actions.map(
        ({ action, status: state, detail }) =>
          `*${escapeText(action)}* ${escapeText(describeActionState(state))}${detail && `: ${escapeText(detail)}`}`,
      ),
    ),
    ...section('Registry', announcement.enrichment.map(escapeText)),
    ...section('Second person', request ? [escapeText(describeAsked(request))] : []),
    ...section('What next', listNext(announcement, kind)),
    ...(kind === 'bot' ? writeButtons(announcement) : []),
    {
      type: 'context',
      elements: [
        markdown(clip(escapeText(writeTimes(announcement)), sectionMax)),
        ...(again ? [markdown(earlierMessage)] : []),
      ],
    },
  ];
  return { text: clip(escapeText(`${title}: ${announcement.text}`), sectionMax), blocks };
}

/**
 * One step of the case, as a reply in its thread; it also lists the steps that it superseded before Slack accepted them.
 * Each part is shortened separately, so that the newest one always fits.
 */
export function writeReply(
  announcement: Announcement,
  earlier: readonly Superseded[] = [],
  more = 0,
): SlackMessage {
  const { thingName } = announcement;
  const write = ({ kind, text }: Superseded, max: number) =>
    clip(`*${escapeText(titleOfStep({ thingName, kind }))}* ${escapeText(text)}`, max);
  const lines = [
    ...(more > 0 ? [`and ${more} more`] : []),
    ...earlier.map((one) => write(one, 250)),
    write(announcement, sectionMax / 2),
  ];
  const text = lines.join('\n');
  return { text, blocks: [{ type: 'section', text: markdown(text) }] };
}

/** Many cases that changed at once: some by name, the others by number. */
export function writeSummary(named: readonly Announcement[], count: number): SlackMessage {
  const lines = [
    `*${count} cases changed at once.* The message of each case shows its newest state; replies are left out.`,
    ...named.map((one) => clip(`• ${escapeText(titleOf(one))}`, 300)),
    ...(count > named.length ? [`and ${count - named.length} more`] : []),
  ];
  const text = lines.join('\n');
  return { text, blocks: [{ type: 'section', text: markdown(text) }] };
}

const withoutButton = /^npx cordon (show|assign) /;

/** Where there are buttons, they are the other commands. */
function listNext(announcement: Announcement, kind: Slack['kind']): string[] {
  const { link, cases } = announcement;
  const runbook = findRunbook(announcement);
  const commands = listNextCommands(announcement);
  return [
    ...commands.filter((command) => kind !== 'bot' || cases || withoutButton.test(command)).map(code),
    ...(link && isLinkable(link) ? [`<${link}|${cases ? 'the console' : 'the case in the console'}>`] : []),
    ...(runbook ? [`runbook: ${runbook}`] : []),
  ];
}

/** Nothing in it ends a link of Slack. */
function isLinkable(url: string): boolean {
  return /^https?:\/\/[\w.:/#%~?=-]+$/.test(url);
}

const earlierMessage =
  'Cordon was interrupted while it posted this case. If the channel has an earlier message of it, that one is out of date and stays so; this one is kept up to date.';

function writeTimes({ alertToAppliedMs, alertToVerifiedMs, at }: Announcement): string {
  const parts = [new Date(at).toISOString()];
  if (alertToAppliedMs !== undefined) parts.push(`applied ${alertToAppliedMs} ms after the alert`);
  if (alertToVerifiedMs !== undefined) parts.push(`verified ${alertToVerifiedMs} ms after the alert`);
  return parts.join(' · ');
}

function section(title: string, lines: string[]): KnownBlock[] {
  if (lines.length === 0) return [];
  return [{ type: 'section', text: markdown(clip(`*${title}*\n${lines.join('\n')}`, sectionMax)) }];
}

/** Verbatim, or Slack would make links of URLs and channel names in hostile text (Block Kit, text object). */
function markdown(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text, verbatim: true };
}

function code(text: string): string {
  return text === '' ? 'nothing' : `\`${escapeText(text).replaceAll('`', 'ˋ')}\``;
}
