import * as z from 'zod/mini';
import type { ServedDescriptor } from '../descriptor';
import { examineSlack } from './examination';

const section = z.strictObject({
  channel: z.string().check(z.regex(/^[#@]?[\w-]{1,80}$/, 'expected a channel such as #iot-security')),
  /** The users who may press the buttons; by default everybody in the channel. */
  operators: z.optional(
    z
      .array(
        z
          .string()
          .check(z.regex(/^[UW][A-Z0-9]{2,31}$/, 'expected the id of a Slack user such as U024BE7LH')),
      )
      .check(z.minLength(1)),
  ),
});

export const slack = {
  title: 'Slack',
  shows: 'a thread for each case, its first message always the newest state, with buttons',
  section,
  listTold: ({ channel }) => [`Slack ${channel}`],
  explain: ({ operators }) => [
    `Buttons in Slack: ${operators ? `only for ${operators.join(', ')}` : 'for everybody who sees the channel'}`,
  ],
  delivery: 'function',
  audience: 'people',
  changesMessages: true,
  secret: {
    id: 'SlackToken',
    name: 'slack',
    what: "Slack's bot token or the URL of an incoming webhook",
    example: 'xoxb-YOUR-BOT-TOKEN',
  },
  endpoint: { url: 'https://slack.com/api/', what: 'Base of the Slack Web API' },
  // About one message a second per channel, with short bursts (Slack, "Rate limits").
  limits: { gapMs: 1_050, answerMs: 10_000 },
  buttons: {
    route: 'POST /slack/interactions',
    secret: {
      id: 'SlackSigning',
      name: 'slack-signing-secret',
      what: "the signing secret of Slack's buttons",
      example: 'YOUR-SIGNING-SECRET',
    },
  },
  runbook: 'slack',
  examine: ({ secret, endpoint, section: { channel }, sendTest }, ask) =>
    examineSlack({ secret, apiUrl: endpoint, channel, sendTest }, ask),
} as const satisfies ServedDescriptor<z.output<typeof section>>;
