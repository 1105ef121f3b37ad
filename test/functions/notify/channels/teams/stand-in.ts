import * as z from 'zod';
import { connectTeams, nowhere } from '../../../../../functions/notify/channels/teams/channel';
import type { StandIn } from '../../../../contract/channel-contract';
import { type Answer, type Asked, startHttpService } from '../../http-service';

/**
 * The part of Adaptive Cards 1.4 that Cordon uses. The stand-in refuses the rest, because Teams would not show the
 * card.
 */
const run = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  size: z.enum(['small', 'default', 'medium', 'large', 'extraLarge']).optional(),
  weight: z.enum(['lighter', 'default', 'bolder']).optional(),
  color: z.enum(['default', 'good', 'warning', 'attention', 'accent', 'dark', 'light']).optional(),
  fontType: z.enum(['default', 'monospace']).optional(),
});
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5']),
  msteams: z.strictObject({ width: z.literal('Full') }).optional(),
  body: z.array(z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(run).min(1) })).min(1),
  // A workflow's card may open a URL, and do nothing else.
  actions: z
    .array(
      z.strictObject({
        type: z.literal('Action.OpenUrl'),
        title: z.string(),
        url: z.url({ protocol: /^https$/ }),
      }),
    )
    .max(6)
    .optional(),
});
const message = z.object({
  type: z.literal('message'),
  // Empty for a summary.
  cordon: z.strictObject({
    caseId: z.string().optional(),
    seq: z.number().optional(),
    status: z.string().optional(),
  }),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null().optional(),
        content: card,
      }),
    )
    .length(1),
});

export const messageMax = 28_000;

/** A workflow that posts each card to its channel. */
export function createTeams() {
  const posted: z.output<typeof message>[] = [];
  const answer = ({ method, path, headers, body }: Asked): Answer => {
    if (method !== 'POST' || !path.startsWith('/workflows/')) return { status: 404 };
    if (headers['content-type'] !== 'application/json') return { status: 415 };
    if (Buffer.byteLength(body) > messageMax) return { status: 413, body: 'Request Entity too large' };
    const { success, data, error } = message.safeParse(JSON.parse(body));
    if (!success) return { status: 400, body: JSON.stringify(error.issues) };
    posted.push(data);
    return { status: 202 };
  };
  const textOf = ({ attachments }: (typeof posted)[number]) =>
    attachments
      .flatMap(({ content }) => content.body)
      .map(({ inlines }) => inlines.map(({ text }) => text).join(''))
      .join('\n');
  return { answer, posted, textOf };
}

export async function startTeams() {
  const teams = createTeams();
  return { ...teams, ...(await startHttpService(teams.answer)) };
}

export function connectTo(base: string) {
  return connectTeams({ secret: `${base}workflows/1?sig=x`, trusted: new URL(base).origin });
}

export async function startStandIn(): Promise<StandIn> {
  const { url, posted, textOf, close } = await startTeams();
  return {
    url,
    nowhere,
    connect: connectTo,
    // A case is the cards with its key, of which the last is the newest.
    shown: () => [...new Map(posted.map((one) => [one.cordon.caseId, textOf(one)])).values()],
    // Only a text block has Markdown, and only entities mention; neither gets past the schema.
    findHazards: () => [],
    close,
  };
}
