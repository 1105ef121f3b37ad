import { renderMessagesPage } from '../../../local/slack-and-mail/messages-page';
import type { SlackMessage } from '../../../local/slack-and-mail/slack-blocks';

function aMessage(ts: string, text: string, over: Partial<SlackMessage> = {}): SlackMessage {
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text } }];
  return { channel: '#ot', channelId: 'C1', ts, text, blocks, updates: [], at: Number(ts), ...over };
}

const page = (messages: readonly SlackMessage[], thing?: string, mails: readonly string[] = []) =>
  String(
    renderMessagesPage(
      messages,
      mails.map((subject) => ({ to: 'a@example.com', topicArn: '', subject, body: '', at: 1 })),
      [],
      thing,
    ).body,
  );

/** What the page shows, in its order. */
const shown = (html: string, words: readonly string[]) =>
  words.filter((word) => html.includes(word)).toSorted((a, b) => html.indexOf(a) - html.indexOf(b));

describe('the page of messages', () => {
  it('renders Slack’s format as Slack does, and leaves code unchanged', () => {
    const html = page([
      aMessage(
        '1',
        '*Decided by*\nada `sh -c *x* &lt;b&gt;` <https://console.example.com/#/cases/1|the case>',
      ),
    ]);

    expect(html).toContain('<strong>Decided by</strong>');
    expect(html).toContain('<code>sh -c *x* &#60;b&#62;</code>');
    expect(html).toMatch(/<a href="https:[^"]+" rel="noreferrer">the case<\/a>/);
  });

  it('makes no link or mark-up from the text of a device', () => {
    const html = page([
      aMessage(
        '1',
        '&lt;https://evil.example|click&gt; <javascript:alert(1)|x> <https://e.example/"onclick=|y>',
      ),
    ]);

    expect(html).not.toMatch(/<a href="(https:\/\/evil|javascript)/);
    expect(html).not.toMatch(/"onclick/);
  });

  it('shows replies below their root, and the thread that changed last first', () => {
    const html = page([
      aMessage('1', 'root-a'),
      aMessage('2', 'root-b'),
      aMessage('3', 'reply-a', { threadTs: '1' }),
    ]);

    expect(shown(html, ['root-a', 'root-b', 'reply-a'])).toEqual(['root-a', 'reply-a', 'root-b']);
  });

  it('shows everything about one thing, with the whole thread, and nothing about one with a longer name', () => {
    const html = page(
      [
        aMessage('1', 'pump-1: contained'),
        aMessage('2', 'pump-12: contained'),
        aMessage('3', 'a certificate came', { threadTs: '1' }),
      ],
      'pump-1',
      ['[contained] pump-1 (Cordon case 1)', '[contained] pump-12 (Cordon case 2)'],
    );

    expect(html).toContain('pump-1: contained');
    expect(html).toContain('a certificate came');
    expect(html).toContain('[contained] pump-1 ');
    expect(html).not.toContain('pump-12');
    expect(html).toContain('value="pump-1"');
  });
});
