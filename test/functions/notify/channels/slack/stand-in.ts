import { connectSlack } from '../../../../../functions/notify/channels/slack/client';
import { createSlackChannel, nowhere } from '../../../../../functions/notify/channels/slack/show';
import type { StandIn } from '../../../../contract/channel-contract';
import { slackToken, startTestStack } from '../../../../local/aws/gateway/local-aws';

/** The Slack of the local stack, which has Slack's limits. */
export async function startStandIn(): Promise<StandIn> {
  const stack = await startTestStack();
  const messages = () => stack.slack.messages();
  return {
    url: `${stack.gateway.url}/_slack/api/`,
    nowhere,
    connect: (apiUrl) =>
      createSlackChannel(connectSlack({ secret: slackToken, channel: '#iot-security', apiUrl })),
    refusal: {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"ok":false,"error":"not_in_channel"}',
    },
    shown: () => messages().flatMap(({ threadTs, text }) => (threadTs === undefined ? text : [])),
    // What Slack takes for more than text begins with <; in what is not verbatim it also makes links of URLs and names.
    findHazards: () =>
      messages().flatMap(({ text, blocks }) => [
        ...(text.includes('<') ? [text] : []),
        ...listMarkdown(blocks).flatMap((one) => (one.verbatim && !one.text.includes('<') ? [] : one.text)),
      ]),
    close: () => stack.close(),
  };
}

interface Markdown {
  readonly text: string;
  readonly verbatim?: boolean;
}

/** Every text of the blocks that Slack formats. */
function listMarkdown(value: unknown): Markdown[] {
  if (typeof value !== 'object' || value === null) return [];
  const { type } = value as { readonly type?: unknown };
  const own = type === 'mrkdwn' ? [value as Markdown] : [];
  return [...own, ...Object.values(value).flatMap(listMarkdown)];
}
