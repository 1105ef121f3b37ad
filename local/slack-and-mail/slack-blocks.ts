import { isRecord } from '../aws/wire/json';

export interface SlackContent {
  readonly text: string;
  readonly blocks: readonly unknown[];
}

export interface SlackMessage extends SlackContent {
  /** The channel as the sender named it: `#name` or an id; `webhook` for an incoming webhook. */
  readonly channel: string;
  readonly channelId: string;
  readonly ts: string;
  readonly threadTs?: string;
  /** Visible only to the person who pressed a button. */
  readonly ephemeral?: true;
  /** Earlier contents, oldest first: chat.update replaced them. */
  readonly updates: readonly (SlackContent & { readonly at: number })[];
  readonly at: number;
}

export interface SlackButton {
  readonly actionId: string;
  readonly value: string;
  readonly label: string;
  readonly confirm?: {
    readonly title: string;
    readonly text: string;
    readonly yes: string;
    readonly no: string;
  };
}

/** The buttons in the blocks of type `actions`. */
export function listButtons(blocks: readonly unknown[]): SlackButton[] {
  return blocks.flatMap((block) =>
    isRecord(block) && block.type === 'actions' && Array.isArray(block.elements)
      ? block.elements.flatMap(readButton)
      : [],
  );
}

function readButton(element: unknown): SlackButton[] {
  if (!isRecord(element) || element.type !== 'button' || typeof element.action_id !== 'string') return [];
  const { action_id: actionId, value, text, confirm } = element;
  const dialog = isRecord(confirm)
    ? {
        confirm: {
          title: textOf(confirm.title),
          text: textOf(confirm.text),
          yes: textOf(confirm.confirm),
          no: textOf(confirm.deny),
        },
      }
    : {};
  return [{ actionId, value: typeof value === 'string' ? value : '', label: textOf(text), ...dialog }];
}

function textOf(value: unknown): string {
  return isRecord(value) && typeof value.text === 'string' ? value.text : '';
}
