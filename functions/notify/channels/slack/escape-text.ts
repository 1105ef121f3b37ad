import { printable } from '../../../../shared/domain/messages/announcement';

/** Slack's control characters (&, <, >) as entities, so that hostile text makes no link or mention. */
export function escapeText(text: string): string {
  return printable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
