import * as z from 'zod/mini';
import { parseJsonObject } from '../aws/wire/json';
import { jsonResponse, type LocalRequest, type LocalRoutes } from '../aws/wire/local-routes';
import type { Slack } from './slack';
import { channelStates } from './slack-board';

const rateLimit = z.strictObject({ calls: z.number(), retryAfterSeconds: z.number() });
const pace = z.strictObject({ real: z.boolean() });
const channel = z.strictObject({ name: z.string(), state: z.enum(channelStates) });
const scopes = z.strictObject({ scopes: z.array(z.string()) });

/** What makes the emulated Slack behave as a real one may. */
export function slackControls(slack: Slack): LocalRoutes {
  return {
    'POST /_cordon/slack/rate-limit': setAs(rateLimit, '{"calls": n, "retryAfterSeconds": n}', (given) =>
      slack.setRateLimit(given),
    ),
    'POST /_cordon/slack/pace': setAs(pace, '{"real": true or false}', ({ real }) => slack.keepPace(real)),
    'POST /_cordon/slack/channel': setAs(
      channel,
      `{"name": "#…", "state": "${channelStates.join('|')}"}`,
      ({ name, state }) => slack.setChannel(name, state),
    ),
    'POST /_cordon/slack/scopes': setAs(scopes, '{"scopes": ["chat:write", …]}', (given) =>
      slack.setScopes(given.scopes),
    ),
    'POST /_cordon/slack/delete-message': ({ body }) => {
      const ts = parseJsonObject(body)?.ts;
      if (typeof ts !== 'string' || !slack.deleteMessage(ts))
        return jsonResponse({ error: 'expected {"ts": the id of a message that is there}' }, 400);
      return jsonResponse({ ts });
    },
  };
}

/** Sets what a body of this form says, and answers with it. */
function setAs<T>(form: z.ZodMiniType<T>, expected: string, set: (given: T) => void) {
  return ({ body }: LocalRequest) => {
    const given = z.safeParse(form, parseJsonObject(body));
    if (!given.success) return jsonResponse({ error: `expected ${expected}` }, 400);
    set(given.data);
    return jsonResponse(given.data);
  };
}
