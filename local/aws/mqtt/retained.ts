import { type DataOperation, invalidRequest, toError, toJson } from './data-operation';

interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly lastModifiedAt: number;
  readonly userProperties?: Readonly<Record<string, string | string[]>>;
}

/** The messages that the broker retains, and since when. The broker itself delivers them. */
export interface RetainedBook {
  /** Notes a message that was published with RETAIN; an empty one ends what was retained [MQTT-3.3.1-10]. */
  note(message: Omit<RetainedMessage, 'lastModifiedAt'>, now: number): void;
  get(topic: string): RetainedMessage | undefined;
  list(): readonly RetainedMessage[];
}

export function createRetainedBook(): RetainedBook {
  const messages = new Map<string, RetainedMessage>();
  return {
    note(message, now) {
      if (message.payload.length === 0) messages.delete(message.topic);
      else messages.set(message.topic, { ...message, lastModifiedAt: now });
    },
    get: (topic) => messages.get(topic),
    list: () => [...messages.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
  };
}

/** GetRetainedMessage. */
export function getRetained(book: RetainedBook, topic: string): DataOperation {
  return {
    action: 'iot:GetRetainedMessage',
    resource: `topic/${topic}`,
    run() {
      const found = book.get(topic);
      if (!found) return toError('ResourceNotFoundException', 404, 'No retained message on this topic');
      const { userProperties, lastModifiedAt, payload, qos } = found;
      const blob = userProperties && Buffer.from(JSON.stringify(toList(userProperties))).toString('base64');
      return toJson({
        topic,
        payload: payload.toString('base64'),
        qos,
        lastModifiedTime: lastModifiedAt,
        ...(blob !== undefined && { userProperties: blob }),
      });
    },
  };
}

function toList(properties: Readonly<Record<string, string | string[]>>): readonly Record<string, string>[] {
  return Object.entries(properties).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ [name]: value })),
  );
}

const MAX_PAGE = 200;

/** ListRetainedMessages, in the order of their topics. */
export function listRetained(book: RetainedBook, query: URLSearchParams): DataOperation {
  return {
    action: 'iot:ListRetainedMessages',
    resource: '*',
    run() {
      const maxResults = Number(query.get('maxResults') ?? MAX_PAGE);
      if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > MAX_PAGE)
        return invalidRequest(`maxResults must be from 1 to ${MAX_PAGE}`);
      const token = query.get('nextToken');
      const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
      const rest = book.list().filter(({ topic }) => after === undefined || topic > after);
      const page = rest.slice(0, maxResults);
      const last = page.at(-1);
      return toJson({
        retainedTopics: page.map(({ topic, payload, qos, lastModifiedAt }) => ({
          topic,
          payloadSize: payload.length,
          qos,
          lastModifiedTime: lastModifiedAt,
        })),
        ...(last &&
          rest.length > page.length && { nextToken: Buffer.from(last.topic).toString('base64url') }),
      });
    },
  };
}
