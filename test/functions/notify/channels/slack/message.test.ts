import fc from 'fast-check';
import {
  type SlackMessage,
  writeReply,
  writeRootMessage,
} from '../../../../../functions/notify/channels/slack/message';
import { findBlockProblems } from '../../../../../local/slack-and-mail/slack-limits';
import { openStatuses } from '../../../../../shared/domain/case/status';
import { describeState } from '../../../../../shared/domain/messages/describe-state';
import { anyText } from '../../../../any-text';
import { anAnnouncement, hostileAnnouncement } from '../../announcements';

interface TextObject {
  readonly type: string;
  readonly text: string;
  readonly verbatim?: boolean;
}

interface Block {
  readonly type: string;
  readonly text?: TextObject;
  readonly fields?: readonly TextObject[];
  readonly elements?: readonly TextObject[];
}

const blocksOf = ({ blocks }: SlackMessage) => blocks as unknown as Block[];

const markdownOf = (message: SlackMessage) =>
  blocksOf(message)
    .flatMap(({ text, fields, elements }) => [text, ...(fields ?? []), ...(elements ?? [])])
    .filter((text) => text?.type === 'mrkdwn') as TextObject[];

/** Block Kit reference: limits of each kind of block. */
function expectWithinLimits(message: SlackMessage): void {
  expect(message.text.length).toBeLessThanOrEqual(4_000);
  expect(message.blocks.length).toBeLessThanOrEqual(50);
  for (const { type, text, fields = [] } of blocksOf(message)) {
    const limit = type === 'header' ? 150 : 3_000;
    if (text) expect([type, text.text.length <= limit && text.text.length > 0]).toEqual([type, true]);
    expect(fields.length).toBeLessThanOrEqual(10);
    for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2_000);
  }
  expect(findBlockProblems(message.blocks)).toEqual([]);
}

describe('a Slack message', () => {
  it('shows what happened, what was done, to which process and how fast', () => {
    const message = writeRootMessage(anAnnouncement(), 'bot');

    expect(message.text).toBe('🔒 mything1: 1 child process of myapp: contained: the denial is verified');
    const shown = JSON.stringify(message.blocks);
    for (const part of [
      '1 child process of myapp; at most 0 is normal (`myapp-processes/no-child-processes`)',
      '*quarantine* verified: publish is explicitly denied',
      '/bin/sh -c id (pid 4242, user myapp), started by myapp &lt; systemd',
      '*Decision*\\nplaybook spawned-child',
      '`npx cordon show mything1`',
      'thing groups: sensors',
      'applied 40 ms after the alert · verified 90 ms after the alert',
    ])
      expect(shown).toContain(part);
  });

  it.each([...openStatuses, 'closed', 'storm', 'test'])(
    'is one that Slack takes if little is known: %s',
    (status) => {
      const bare = {
        ...{ status, text: '', severity: '', violations: [], actions: [], evidence: [], enrichment: [] },
        playbook: undefined,
      };
      for (const kind of ['storm', 'digest', 'released', 'refused'])
        for (const cases of [undefined, [], ['12 closed: a, b']])
          expectWithinLimits(
            writeRootMessage(
              anAnnouncement({ ...bare, kind, ...(cases && { cases, title: 'storm' }) }),
              'bot',
            ),
          );
    },
  );

  it('has the state in its header however long the name of the thing is', () => {
    const kinds = ['contained', 'containing', 'containment-failed', 'new-certificate'];
    for (const kind of kinds)
      for (const length of [20, 100, 128]) {
        const told = anAnnouncement({ kind, thingName: 'a'.repeat(length) });
        const [header] = blocksOf(writeRootMessage(told, 'bot'));

        expect(header?.text?.text.endsWith(`: ${describeState(told)}`)).toBe(true);
        expect(header?.text?.text).toMatch(/^\S+ a{19}/);
        expect(header?.text?.text.length).toBeLessThanOrEqual(150);
      }
  });

  it('names in a reminder the command that takes the case, for which there is no button', () => {
    const failed = { kind: 'containment-failed', status: 'containment-failed', reminder: 1 } as const;
    const shown = (kind: 'bot' | 'webhook') =>
      JSON.stringify(writeRootMessage(anAnnouncement(failed), kind).blocks);

    expect(shown('bot')).toContain('`npx cordon show mything1`\\n`npx cordon assign mything1`');
    expect(shown('bot')).not.toContain('npx cordon release');
    expect(shown('webhook')).toContain('`npx cordon release mything1`');
  });

  it('gives the reason for the status of a case first', () => {
    const waits = anAnnouncement({
      ...{ kind: 'approval-needed', status: 'awaiting-approval' },
      text: 'the fleet limit is reached: <10> things',
    });

    expect(blocksOf(writeRootMessage(waits, 'bot'))[1]?.text?.text).toBe(
      'the fleet limit is reached: &lt;10&gt; things',
    );
  });

  it('shows the kill switch if it held an action back', () => {
    const killSwitch = { state: 'on', by: 'ada', reason: 'wrong <threshold>' } as const;
    const { blocks } = writeRootMessage(anAnnouncement({ killSwitch }), 'bot');

    expect(JSON.stringify(blocks)).toContain(
      '*Kill switch*\\nthe kill switch is on, by ada (wrong &lt;threshold&gt;)',
    );
  });

  it('says who decided, and shows no severity for a closed case', () => {
    const decided = { command: 'release', actor: 'ada', comment: 'was <a> test' };
    const over = anAnnouncement({ status: 'closed', kind: 'released', decided });

    const shown = JSON.stringify(writeRootMessage(over, 'bot').blocks);
    expect(shown).toContain('*Decision*\\nrelease ordered by ada: was &lt;a&gt; test');
    expect(shown).not.toContain('critical');
    expect(shown).toContain('✅ mything1: 1 child process of myapp: released');
  });

  it('says what next: the case in the console and the page of the runbook', () => {
    const link = 'https://console.example.com/console/#/cases/case-1';
    const failed = anAnnouncement({ status: 'containment-failed', kind: 'containment-failed', link });

    const shown = JSON.stringify(writeRootMessage(failed, 'bot').blocks);
    expect(shown).toContain(`<${link}|the case in the console>`);
    expect(shown).toContain('runbook: docs/runbooks/containment-failed.md');
  });

  it('repeats no label, and shows neither JSON nor a dash for nothing', () => {
    for (const kind of ['bot', 'webhook'] as const) {
      const texts = markdownOf(writeRootMessage(anAnnouncement(), kind)).map(({ text }) => text);
      const labels = texts.flatMap((text) => /^\*[^*]+\*(?=\n)/.exec(text)?.[0] ?? []);
      expect(new Set(labels).size).toBe(labels.length);
      expect(texts.join('\n')).not.toMatch(/\{"|(^|\n|: )-($|\n)/);
    }
  });

  it('omits empty parts', () => {
    const bare = anAnnouncement({ text: '', violations: [], actions: [], evidence: [], enrichment: [] });

    expect(blocksOf(writeRootMessage(bare, 'bot')).map(({ type }) => type)).toEqual([
      'header',
      'section',
      'section',
      'actions',
      'context',
    ]);
  });

  it.each([
    ['mentions', '<!channel> <@U123> <#C1|x>'],
    ['links', '<https://evil.example|click> https://evil.example'],
    ['entities', '&lt;!channel&gt; &amp;'],
    ['code marks', '``` `x` ```'],
    ['control characters', 'a\u0000b\u001bc\r\nd\u202ee\u2028f'],
    ['5,000 characters', 'x'.repeat(5_000)],
    ['5,000 characters to escape', '<'.repeat(5_000)],
    ['5,000 characters beyond the basic plane', '🦠'.repeat(2_500)],
    ['nothing', ''],
  ])('stays within Slack’s limits on %s', (_, text) => {
    for (const message of [
      writeRootMessage(hostileAnnouncement(text), 'bot'),
      writeRootMessage(hostileAnnouncement(text), 'webhook'),
      writeReply(hostileAnnouncement(text)),
    ]) {
      expectWithinLimits(message);
      for (const shown of [message.text, ...markdownOf(message).map((object) => object.text)])
        expect(shown).not.toMatch(/[<>]/);
      expect(markdownOf(message).every(({ verbatim }) => verbatim)).toBe(true);
      expect(JSON.stringify(message)).not.toMatch(/\\u00(0|1[0-9a-f])|\\r|[\u202e\u2028]/);
    }
  });

  it('opens no mention, link or new line, whatever the text', () => {
    fc.assert(
      fc.property(anyText(400), (text) => {
        const message = writeRootMessage(hostileAnnouncement(text), 'bot');
        expectWithinLimits(message);
        const lines = markdownOf(message).flatMap((object) => object.text.split('\n'));
        expect(lines.filter((line) => /[<>]/.test(line))).toEqual([]);
        // One line for each of 20 violations, 2 actions, 5 processes, 6 facts, the kill switch, 5 titles, 3 fields of 2, 1 of times.
        expect(lines.length).toBeLessThanOrEqual(52);
      }),
    );
  });

  it('keeps a hostile command line inside its code span', () => {
    const message = writeRootMessage(anAnnouncement({ evidence: ['sh -c `id` *bold*'] }), 'bot');

    expect(markdownOf(message).map(({ text }) => text)).toContain('*Processes*\n`sh -c ˋidˋ *bold*`');
  });
});
