import { createHmac } from 'node:crypto';
import { parseJsonObject } from '../aws/wire/json';
import { jsonResponse, type LocalRequest, type LocalRoutes } from '../aws/wire/local-routes';
import type { ApiResponse } from '../types';
import { renderConfirmPage } from './messages-page';
import { listButtons, type SlackButton, type SlackMessage } from './slack-blocks';

interface ButtonOptions {
  readonly signingSecret: string;
  /** The address that Slack would post to: the app's "Request URL"; undefined while there is none. */
  readonly interactionsUrl: () => string | undefined;
  readonly gatewayUrl: () => string;
  readonly messages: () => readonly SlackMessage[];
  /** Shows a text below a message, as only its addressee would see it. */
  readonly whisper: (message: SlackMessage, text: string) => void;
  readonly now: () => number;
}

/** Who presses buttons here. */
const user = { id: 'U0LOCAL', username: 'local-operator', name: 'local-operator', team_id: 'T0LOCAL' };

/** Slack gives up on an app after three seconds. */
const ackMs = 3_000;

/** Buttons of the captured messages: pressed on the page, they are signed and sent to the app as Slack does. */
export function createSlackButtons(options: ButtonOptions): LocalRoutes {
  function find(parameters: URLSearchParams) {
    const message = options.messages().find(({ ts }) => ts === parameters.get('ts'));
    const button =
      message && listButtons(message.blocks).find(({ actionId }) => actionId === parameters.get('action'));
    return message && button ? { message, button } : undefined;
  }

  async function press(request: LocalRequest): Promise<ApiResponse> {
    // A page of another port of this machine is not this page.
    const { origin, host } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`)
      return jsonResponse({ error: 'pressed from another page' }, 403);
    const found = find(new URLSearchParams(request.body.toString()));
    if (!found) return jsonResponse({ error: 'there is no such button (any more)' }, 404);
    const problem = await send(found.message, found.button);
    if (problem) options.whisper(found.message, `Slack would show a warning: ${problem}`);
    return { status: 303, headers: { location: '/_cordon/' } };
  }

  async function send(message: SlackMessage, button: SlackButton): Promise<string | undefined> {
    const url = options.interactionsUrl();
    if (!url) return 'the app has no request URL';
    const payload = describePress(message, button, `${options.gatewayUrl()}/_slack/response/${message.ts}`);
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    const timestamp = String(Math.floor(options.now() / 1_000));
    const hmac = createHmac('sha256', options.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${hmac}`,
        },
        body,
        signal: AbortSignal.timeout(ackMs),
      });
      return answer.ok ? undefined : `the app answered ${answer.status}`;
    } catch (error) {
      return `the app did not answer within ${ackMs} ms (${String(error)})`;
    }
  }

  return {
    'POST /_cordon/slack/press': press,
    'GET /_cordon/slack/confirm': ({ query }) => {
      const found = find(query);
      return found
        ? renderConfirmPage(found.message.ts, found.button)
        : jsonResponse({ error: 'there is no such button (any more)' }, 404);
    },
    'POST /_slack/response/*': ({ path, body }) => {
      const message = options.messages().find(({ ts }) => path.endsWith(`/${ts}`));
      if (!message) return jsonResponse({ ok: false, error: 'expired_url' }, 404);
      const text = readText(body);
      if (text === undefined) return jsonResponse({ ok: false, error: 'no_text' }, 400);
      options.whisper(message, text);
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok' };
    },
  };
}

/** Slack: "block_actions payloads". */
function describePress(message: SlackMessage, button: SlackButton, responseUrl: string) {
  const { channel, channelId, ts, text, blocks } = message;
  return {
    type: 'block_actions',
    user,
    api_app_id: 'A0LOCAL',
    team: { id: user.team_id, domain: 'local' },
    container: { type: 'message', message_ts: ts, channel_id: channelId, is_ephemeral: false },
    channel: { id: channelId, name: channel.replace(/^#/, '') },
    message: { type: 'message', ts, text, blocks },
    response_url: responseUrl,
    actions: [
      {
        type: 'button',
        action_id: button.actionId,
        value: button.value,
        text: { type: 'plain_text', text: button.label },
        action_ts: ts,
      },
    ],
  };
}

function readText(body: Buffer): string | undefined {
  const text = parseJsonObject(body)?.text;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
