import { createHash } from 'node:crypto';
import type { ApiResponse } from '../types';
import { escapeXml } from './aws-error';
import type { Mail } from './email';
import { isRecord } from './json';
import type { SlackMessage } from './slack';

const style = `body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem;color:#1d1c1d}
article{border:1px solid #ddd;border-radius:6px;padding:.6rem 1rem;margin:.6rem 0;overflow-wrap:anywhere}
article.reply{margin-left:2.5rem}h3{margin:.3rem 0}p{margin:.3rem 0;white-space:pre-wrap}small{color:#616061}
b.button{display:inline-block;border:1px solid #999;border-radius:4px;padding:.1rem .6rem;margin-right:.4rem;font-weight:500}`;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  // The page shows text that attackers chose: no script, no request to anywhere.
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** The page of captured messages, newest first; it loads itself again every two seconds. */
export function renderMessagesPage(slack: readonly SlackMessage[], mails: readonly Mail[]): ApiResponse {
  const newestFirst = <T extends { readonly at: number }>(list: readonly T[]) => [...list].reverse();
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Cordon: captured messages</title><style>${style}</style></head><body><h1>Captured messages</h1>
<h2>Slack (${slack.length})</h2>${newestFirst(slack).map(renderSlack).join('') || '<p>None yet.</p>'}
<h2>E-mail (${mails.length})</h2>${newestFirst(mails).map(renderMail).join('') || '<p>None yet.</p>'}
</body></html>`;
  return { status: 200, headers, body };
}

function renderSlack({ channel, at, ts, threadTs, updates, text, blocks }: SlackMessage): string {
  const isReply = threadTs !== undefined && threadTs !== ts;
  const note = updates.length > 0 ? `, updated ${updates.length} times` : '';
  const content = blocks.length > 0 ? blocks.map(renderBlock).join('') : `<p>${slackText(text)}</p>`;
  return `<article${isReply ? ' class="reply"' : ''}><small>${escapeXml(channel)}, ${timeOf(at)}${isReply ? ', reply' : ''}${note}</small>${content}</article>`;
}

function renderBlock(block: unknown): string {
  if (!isRecord(block)) return '';
  const { type, text, fields, elements } = block;
  if (type === 'header') return `<h3>${textOf(text)}</h3>`;
  if (type === 'divider') return '<hr>';
  if (type === 'actions') {
    return `<p>${listOf(elements)
      .map((element) => `<b class="button">${textOf(isRecord(element) ? element.text : undefined)}</b>`)
      .join('')}</p>`;
  }
  const parts = [text, ...listOf(fields), ...listOf(elements)].map(textOf).filter((part) => part !== '');
  return parts.map((part) => `<p>${part}</p>`).join('');
}

function renderMail({ to, subject, at, body }: Mail): string {
  return `<article><small>to ${escapeXml(to)}, ${timeOf(at)}</small><h3>${escapeXml(subject)}</h3><p>${escapeXml(body)}</p></article>`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return slackText(value);
  return isRecord(value) && typeof value.text === 'string' ? slackText(value.text) : '';
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
