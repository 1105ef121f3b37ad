import * as z from 'zod/mini';
import { actionNames } from '../../../../shared/domain/actions/registry';
import {
  operatorActionDescriptors,
  operatorActions,
} from '../../../../shared/domain/decide/operator-actions';
import type { Ordered } from '../../../../shared/domain/decide/second-person';
import { parseJson } from '../../../../shared/domain/json';
import { registryName } from '../../../../shared/domain/text';
import { isThingName, type ThingKey, thingKey } from '../../../../shared/domain/thing-ref';
import { type HttpAnswer, HttpProblem, type HttpRequest, readBody } from '../../../../shared/http';
import type { CommandQueue } from '../../../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../../../shared/ports/runtime';
import { isFromSlack } from './signature';

export interface SlackPorts {
  readonly commands: CommandQueue;
  readonly metrics: Metrics;
  /** Why an order makes no sense for the thing now, to be read after its name, and whether it needs a second person. */
  readonly examine: (
    order: Ordered,
    thingName: ThingKey,
    caseId: string | undefined,
  ) => Promise<{ readonly objection?: string; readonly asks: boolean }>;
  /** Undefined if none is stored. */
  readonly signingSecret: () => Promise<string | undefined>;
  /** Ids of the users who may press buttons; undefined: everybody. */
  readonly slackOperators: readonly string[] | undefined;
  /** Shows a text to the one who pressed the button. */
  readonly answerSlack: (responseUrl: string, text: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Slack sends the message with its button: 50 blocks of 3,000 characters, escaped twice, would be about this. */
const maxBodyBytes = 1_000_000;

const target = z.object({
  thing: z.string().check(z.refine(isThingName)),
  caseId: z.string().check(z.regex(registryName)),
  /** The dialog warned that the violation is still in alarm, or the button confirms what somebody forced. */
  force: z.optional(z.literal(true)),
  /** Only a button that confirms a `harden` has them. */
  actions: z.optional(z.array(z.enum(actionNames))),
});

/** Slack: "block_actions payloads". Other fields may have any value. */
const interaction = z.object({
  type: z.literal('block_actions'),
  user: z.object({
    id: z.string().check(z.regex(/^[A-Z0-9]{2,32}$/)),
    username: z.optional(z.string()),
    name: z.optional(z.string()),
  }),
  response_url: z.optional(z.string()),
  actions: z.array(z.object({ action_id: z.enum(operatorActions), value: z.string() })).check(z.length(1)),
});

type Interaction = z.output<typeof interaction>;

/** Slack expects an empty answer within three seconds. */
const taken: HttpAnswer = { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: '' };

/** A button of a case's message: the same command as over the other routes, by the Slack user who pressed it. */
export async function handleInteraction(request: HttpRequest, ports: SlackPorts): Promise<HttpAnswer> {
  const body = readBody(request, maxBodyBytes);
  const signature = request.headers['x-slack-signature'];
  const secret = await ports.signingSecret();
  if (!secret) throw new HttpProblem(503, 'no Slack signing secret is stored');
  const timestamp = request.headers['x-slack-request-timestamp'];
  if (!isFromSlack({ body, timestamp, signature }, secret, ports.clock()))
    throw new HttpProblem(401, 'not signed by Slack within the last five minutes');
  const payload = new URLSearchParams(body.toString('utf8')).get('payload');
  const read = interaction.safeParse(payload === null ? undefined : parseJson(payload));
  if (!read.success) {
    // Signed by Slack, but not a button of Cordon's that sends a command: a button with a link, for example.
    ports.log.warn('the interaction is not a button of a case', {
      issue: read.error.issues[0]?.path.join('.'),
    });
    return taken;
  }
  await press(read.data, `slack#${signature}`, ports);
  return taken;
}

/** `id`: the same for a request that comes twice, so that the queue takes it once. */
async function press(
  { actions, user, response_url }: Interaction,
  id: string,
  ports: SlackPorts,
): Promise<void> {
  const say = async (text: string) => {
    if (response_url !== undefined) await ports.answerSlack(response_url, text);
  };
  for (const { action_id: act, value } of actions) {
    if (ports.slackOperators?.includes(user.id) === false) {
      ports.log.warn('the button was pressed by somebody who is not an operator', { user: user.id, act });
      await say(`Nothing was done: only the operators that cordon.yml names may ${act}.`);
      continue;
    }
    const aim = target.safeParse(parseJson(value));
    if (!aim.success) {
      ports.log.warn('a pressed button names no case', { act });
      continue;
    }
    const { thing, caseId, force, actions } = aim.data;
    const thingName = thingKey(thing);
    // A workspace may admit one person under two names. So only the listed operators count as one person each.
    const person = ports.slackOperators ? `slack:${user.id}` : undefined;
    const order = {
      ...{ type: act, ...(person !== undefined && { person }) },
      ...(force && operatorActionDescriptors[act].forcible && { force }),
      ...(actions && act === 'harden' && { actions }),
    };
    const { objection, asks } = await ports.examine(order, thingName, caseId);
    if (objection) {
      await say(`Nothing was done: ${thingName} ${objection}.`);
      continue;
    }
    await ports.commands.send({ ...order, thingName, actor: nameUser(user), caseId }, id);
    ports.metrics.count('CommandSent');
    await say(
      asks
        ? `${thingName}: ${act} waits for a second person, who presses the same.`
        : `${thingName}: ${act} is sent. The thread of the case will show the result.`,
    );
  }
}

/** `slack:U024BE7LH(ada)`. The id is Slack's; the name is its owner's choice, and only for people to read. */
function nameUser({ id, username, name }: Interaction['user']): string {
  const readable = (username ?? name ?? '').replace(/[^\p{L}\p{N} ._-]/gu, '').slice(0, 80);
  return readable === '' ? `slack:${id}` : `slack:${id}(${readable})`;
}
