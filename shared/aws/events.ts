import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';

export interface EventBus {
  /** Throws AWS's refusal of the event; its `name` is the error code. */
  put(event: PutEventsRequestEntry): Promise<void>;
}

/** The caller retries, so the client gives up at once. */
export function connectEvents(client = new EventBridgeClient({ maxAttempts: 1 })): EventBus {
  return {
    async put(event) {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [event] }));
      const failed = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
      if (!failed) return;
      const error = new Error(failed.ErrorMessage ?? 'no reason');
      error.name = failed.ErrorCode ?? error.name;
      throw error;
    },
  };
}
