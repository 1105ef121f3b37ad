import type { ApiRequest, ApiResponse } from '../../types';
import { parseJsonObject } from '../wire/json';
import { findPrincipalId } from '../wire/principal-id';

/** More messages than any queue holds at once. */
const maxSenders = 50_000;

interface Message {
  readonly MessageId?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
}

interface Sent extends Message {
  readonly Successful?: readonly Message[];
}

/**
 * Who sent each message: SQS gives the receiver a `SenderId` that no sender can choose (API reference, ReceiveMessage);
 * fauxqs gives the account for all.
 */
export function createSenders() {
  const senders = new Map<string, string>();
  const sending = new Set<Promise<ApiResponse>>();

  function add(messageId: string | undefined, senderId: string): void {
    // A repeated message of a FIFO queue is the first one.
    if (messageId === undefined || senders.has(messageId)) return;
    senders.set(messageId, senderId);
    const [oldest] = senders.keys();
    if (senders.size > maxSenders && oldest !== undefined) senders.delete(oldest);
  }

  async function remember({ caller }: ApiRequest, answer: Promise<ApiResponse>): Promise<ApiResponse> {
    const response = await answer;
    const { MessageId, Successful = [] }: Sent = parseJsonObject(response.body ?? '') ?? {};
    const senderId = findPrincipalId(caller.arn);
    for (const id of [MessageId, ...Successful.map((one) => one.MessageId)]) add(id, senderId);
    return response;
  }

  return {
    /** Watches a `SendMessage` or `SendMessageBatch` under way. */
    async watch(request: ApiRequest, answer: Promise<ApiResponse>): Promise<ApiResponse> {
      const remembered = remember(request, answer);
      sending.add(remembered);
      return remembered.finally(() => sending.delete(remembered));
    },

    /** The answer of a `ReceiveMessage` with the senders of its messages. */
    async name(response: ApiResponse): Promise<ApiResponse> {
      const { Messages, ...rest } = parseJsonObject(response.body ?? '') ?? {};
      if (!Array.isArray(Messages)) return response;
      // A receiver may have the message before its sender has the answer.
      await Promise.allSettled(sending);
      const named = (Messages as Message[]).map((message) => {
        const SenderId = senders.get(message.MessageId ?? '');
        return message.Attributes?.SenderId === undefined || SenderId === undefined
          ? message
          : { ...message, Attributes: { ...message.Attributes, SenderId } };
      });
      return { ...response, body: JSON.stringify({ ...rest, Messages: named }) };
    },
  };
}
