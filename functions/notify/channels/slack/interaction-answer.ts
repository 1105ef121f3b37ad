import type { Log } from '../../../../shared/ports/runtime';
import { sendRequest } from '../../../../shared/send-request';
import { escapeText } from './escape-text';

/** Slack's three seconds, less the time of the rest of the request. */
const timeoutMs = 1_500;

/**
 * Answers the one who pressed a button, over the URL that came with it. An answer that fails is only logged: the
 * command is sent by then, and Slack would show an error for it.
 */
export function connectSlackAnswers(apiUrl: string, log: Log, send = sendRequest) {
  return async (responseUrl: string, text: string): Promise<void> => {
    if (!isSlackUrl(responseUrl, apiUrl)) {
      log.warn('the response URL is not Slack’s', {
        host: URL.canParse(responseUrl) && new URL(responseUrl).host,
      });
      return;
    }
    try {
      const { status } = await send(responseUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: escapeText(text) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (status < 200 || status > 299) log.warn('Slack did not accept the answer', { status });
    } catch (error) {
      log.warn('Slack did not accept the answer', { error });
    }
  };
}

/** `hooks.slack.com` if the API is at `slack.com`, or the API's own host; signed or not, nowhere else. */
function isSlackUrl(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, username } = new URL(url);
  const api = new URL(apiUrl);
  return protocol === api.protocol && username === '' && [api.host, `hooks.${api.host}`].includes(host);
}
