import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { UnfinishedMessages } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import { connectItems, expireAt } from './items';
import { unfinishedMessagesKey } from './keys';

/** Longer than messages are redelivered, which is half an hour. */
const keptMs = 3_600_000;
/** No more messages of one sender are redelivered at once. */
const mostMessages = 20;

interface Begun {
  readonly messages: readonly string[];
}

/** The messages of a sender that were started and not completed. */
export function connectUnfinishedMessages(tableName: string, client?: DynamoDBClient): UnfinishedMessages {
  const { load, save } = connectItems(tableName, client);

  async function change(
    sender: string,
    now: number,
    next: (messages: readonly string[]) => readonly string[],
  ): Promise<void> {
    // Other messages of the sender may be evaluated at the same time.
    await untilUndisturbed(5, async () => {
      const stored = await load<Begun>(unfinishedMessagesKey(sender));
      const messages = next(stored?.value.messages ?? []).slice(0, mostMessages);
      await save(unfinishedMessagesKey(sender), { messages }, stored?.version ?? 0, expireAt(now + keptMs));
    });
  }

  return {
    count: async (sender) => (await load<Begun>(unfinishedMessagesKey(sender)))?.value.messages.length ?? 0,
    begin: (sender, messageId, now) =>
      change(sender, now, (messages) => [messageId, ...messages.filter((one) => one !== messageId)]),
    end: (sender, messageId, now) =>
      change(sender, now, (messages) => messages.filter((one) => one !== messageId)),
  };
}
