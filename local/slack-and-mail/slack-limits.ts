import * as z from 'zod/mini';

/** Limits of Slack's Block Kit reference; what breaks one is answered with `invalid_blocks`, as Slack does. */
const limited = (maximum: number) => z.string().check(z.minLength(1), z.maxLength(maximum));

function textObject(maximum: number, types: readonly ('plain_text' | 'mrkdwn')[]) {
  return z.looseObject({ type: z.enum(types), text: limited(maximum) });
}
const anyText = (maximum: number) => textObject(maximum, ['plain_text', 'mrkdwn']);
const plainText = (maximum: number) => textObject(maximum, ['plain_text']);

const confirmation = z.looseObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
});

const element = z.union([
  z.looseObject({
    type: z.literal('button'),
    text: plainText(75),
    action_id: z.optional(limited(255)),
    value: z.optional(z.string().check(z.maxLength(2_000))),
    url: z.optional(limited(3_000)),
    style: z.optional(z.enum(['primary', 'danger'])),
    confirm: z.optional(confirmation),
  }),
  z.looseObject({
    type: z.enum(['static_select', 'overflow', 'users_select', 'datepicker', 'image', 'plain_text_input']),
  }),
]);

const blockId = z.optional(limited(255));

const block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('header'), block_id: blockId, text: plainText(150) }),
  z
    .looseObject({
      type: z.literal('section'),
      block_id: blockId,
      text: z.optional(anyText(3_000)),
      fields: z.optional(z.array(anyText(2_000)).check(z.minLength(1), z.maxLength(10))),
      accessory: z.optional(element),
    })
    .check(
      z.refine(({ text, fields }) => text !== undefined || fields !== undefined, 'needs text or fields'),
    ),
  z.looseObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z
      .array(z.union([anyText(3_000), z.looseObject({ type: z.literal('image'), alt_text: limited(2_000) })]))
      .check(z.minLength(1), z.maxLength(10)),
  }),
  z.looseObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z.array(element).check(z.minLength(1), z.maxLength(25)),
  }),
  z.looseObject({ type: z.literal('divider'), block_id: blockId }),
  z.looseObject({ type: z.literal('rich_text'), block_id: blockId, elements: z.array(z.unknown()) }),
  z.looseObject({ type: z.literal('markdown'), block_id: blockId, text: limited(12_000) }),
  z.looseObject({ type: z.literal('image'), block_id: blockId, alt_text: limited(2_000) }),
]);

const blockList = z.array(block).check(z.maxLength(50));

/** Says which block breaks which rule; an empty list if Slack would take them. */
export function findBlockProblems(blocks: unknown): string[] {
  const result = z.safeParse(blockList, blocks);
  return result.success
    ? []
    : result.error.issues.map(({ message, path }) => `${message} [json-pointer:/blocks/${path.join('/')}]`);
}

/** chat.postMessage: "Slack will truncate messages containing more than 40,000 characters"; refused here instead. */
export const maximumTextLength = 40_000;
