import { createHash } from 'node:crypto';
import type { Mail } from '../aws/messaging/email';
import { escapeXml } from '../aws/wire/aws-error';
import { isRecord } from '../aws/wire/json';
import type { ApiResponse } from '../types';
import { listButtons, type SlackButton, type SlackMessage } from './slack-blocks';

const style = `body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem;color:#1d1c1d}
article{border:1px solid #ddd;border-radius:6px;padding:.6rem 1rem;margin:.6rem 0;overflow-wrap:anywhere}
article.reply{margin-left:2.5rem}h3{margin:.3rem 0}p{margin:.3rem 0;white-space:pre-wrap}small{color:#616061}
form{display:inline}button{border:1px solid #999;border-radius:4px;padding:.2rem .7rem;margin-right:.4rem;font:inherit;font-weight:500;background:#fff}
.ephemeral{background:#f4f4f4}`;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // The page shows text that attackers chose: no script, no request to anywhere but here.
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'`,
  'x-content-type-options': 'nosniff',
  // With no-referrer a form would say that it comes from nowhere, as one of another page could.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** The page of captured messages, newest first, of all things or of one; it loads itself again every two seconds. */
export function renderMessagesPage(
  slack: readonly SlackMessage[],
  mails: readonly Mail[],
  killSwitches: readonly (readonly [name: string, value: string])[] = [],
  thing = '',
): ApiResponse {
  const threads = listThreads(slack).filter((thread) =>
    thread.some(({ text, blocks }) => isAbout(thing, text + JSON.stringify(blocks))),
  );
  const about = mails.filter(({ subject, body }) => isAbout(thing, `${subject} ${body}`));
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Cordon: captured messages</title><style>${style}</style></head><body><h1>Captured messages</h1>
${renderKillSwitches(killSwitches)}
<form method="get"><label>Thing <input name="thing" value="${escapeXml(thing)}"></label> <button>Show</button></form>
<h2>Slack (${threads.flat().length})</h2>${threads.flat().map(renderSlack).join('') || '<p>None yet.</p>'}
<h2>E-mail (${about.length})</h2>${about.toReversed().map(renderMail).join('') || '<p>None yet.</p>'}
</body></html>`;
  return { status: 200, headers, body };
}

/** Each root message with its replies below it; the thread that changed last comes first. */
function listThreads(messages: readonly SlackMessage[]): SlackMessage[][] {
  const threads = new Map<string, SlackMessage[]>();
  for (const message of messages) {
    const root = message.threadTs ?? message.ts;
    threads.set(root, [...(threads.get(root) ?? []), message]);
  }
  const changedAt = (thread: readonly SlackMessage[]) =>
    Math.max(...thread.map(({ at, updates }) => updates.at(-1)?.at ?? at));
  return [...threads.values()].reverse().sort((a, b) => changedAt(b) - changedAt(a));
}

/** Whether a text names the thing as a whole, and not one whose name only begins like it. */
function isAbout(thing: string, text: string): boolean {
  if (thing === '') return true;
  const name = thing.replace(/[^\w:-]/g, '');
  return new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`).test(text);
}

/** The stored kill switch of each stage that has ever turned it. In other stages, it is off. */
function renderKillSwitches(stored: readonly (readonly [name: string, value: string])[]): string {
  if (stored.length === 0) return '<p>Kill switch: off</p>';
  return stored
    .map(([name, value]) => `<p>Kill switch ${escapeXml(name)}: ${escapeXml(describeSwitch(value))}</p>`)
    .join('');
}

/** `on, by ada, since 2026-01-02T03:04:05Z: rollout`; as it is stored if it is anything else. */
function describeSwitch(value: string): string {
  const stored = parseRecord(value);
  if (typeof stored?.state !== 'string') return value;
  const { state, by, at, reason } = stored;
  return `${state}${by ? `, by ${by}` : ''}${at ? `, since ${at}` : ''}${reason ? `: ${reason}` : ''}`;
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Asks for confirmation of a button, as Slack's dialog does. */
export function renderConfirmPage(ts: string, { actionId, label, confirm }: SlackButton): ApiResponse {
  const { title, text, yes, no } = confirm ?? { title: label, text: '', yes: label, no: 'Cancel' };
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${slackText(title)}</title>
<style>${style}</style></head><body><article><h3>${slackText(title)}</h3><p>${slackText(text)}</p>
${renderPress(ts, actionId, yes)}<form method="get" action="/_cordon/"><button>${slackText(no)}</button></form></article></body></html>`;
  return { status: 200, headers, body };
}

function renderPress(ts: string, actionId: string, label: string): string {
  return `<form method="post" action="/_cordon/slack/press">${renderTarget(ts, actionId)}<button>${slackText(label)}</button></form>`;
}

function renderTarget(ts: string, actionId: string): string {
  return `<input type="hidden" name="ts" value="${escapeXml(ts)}"><input type="hidden" name="action" value="${escapeXml(actionId)}">`;
}

/** A button that asks first leads to the page that asks. */
function renderButton(ts: string, { actionId, label, confirm }: SlackButton): string {
  if (!confirm) return renderPress(ts, actionId, label);
  return `<form method="get" action="/_cordon/slack/confirm">${renderTarget(ts, actionId)}<button>${slackText(label)}</button></form>`;
}

function renderSlack(message: SlackMessage): string {
  const { channel, at, ts, threadTs, updates, text, blocks, ephemeral } = message;
  const isReply = threadTs !== undefined && threadTs !== ts;
  const note =
    updates.length > 0 ? `, updated ${updates.length === 1 ? 'once' : `${updates.length} times`}` : '';
  const content =
    blocks.length > 0 ? blocks.map((block) => renderBlock(block, ts)).join('') : `<p>${markdown(text)}</p>`;
  const kind = ephemeral ? ', only for you' : isReply ? ', reply' : '';
  const classes = [isReply ? 'reply' : '', ephemeral ? 'ephemeral' : ''].join(' ').trim();
  return `<article${classes === '' ? '' : ` class="${classes}"`}><small>${isReply ? '' : `${escapeXml(channel)}, `}${timeOf(at)}${kind}${note}</small>${content}</article>`;
}

function renderBlock(block: unknown, ts: string): string {
  if (!isRecord(block)) return '';
  const { type, text, fields, elements } = block;
  if (type === 'header') return `<h3>${textOf(text)}</h3>`;
  if (type === 'divider') return '<hr>';
  if (type === 'actions')
    return `<p>${listButtons([block])
      .map((button) => renderButton(ts, button))
      .join('')}</p>`;
  const parts = [text, ...listOf(fields), ...listOf(elements)].map(textOf).filter((part) => part !== '');
  return parts.map((part) => `<p>${part}</p>`).join('');
}

function renderMail({ to, subject, at, body }: Mail): string {
  return `<article><small>to ${escapeXml(to)}, ${timeOf(at)}</small><h3>${escapeXml(subject)}</h3><p>${escapeXml(body)}</p></article>`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return slackText(value);
  if (!isRecord(value) || typeof value.text !== 'string') return '';
  return value.type === 'mrkdwn' ? markdown(value.text) : slackText(value.text);
}

/** What Slack makes of `mrkdwn`: code, bold text and links, each within its line. A device's `<` is escaped, so it links nothing. */
function markdown(text: string): string {
  const parts = text.split(/(`[^`\n]+`|<https?:\/\/[^|>\s]+\|[^>\n]+>)/);
  return parts
    .map((part, index) => {
      if (index % 2 === 0)
        return slackText(part).replace(/(^|\s)\*([^*\n]+)\*(?=$|\s)/gm, '$1<strong>$2</strong>');
      const [, url, label = ''] = /^<([^|]+)\|(.+)>$/.exec(part) ?? [];
      return url
        ? `<a href="${escapeXml(url)}" rel="noreferrer">${slackText(label)}</a>`
        : `<code>${slackText(part.slice(1, -1))}</code>`;
    })
    .join('');
}

/** Slack's text escapes `&`, `<` and `>` only; shown decoded, as Slack shows it. */
function slackText(text: string): string {
  return escapeXml(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
