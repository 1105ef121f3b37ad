import type { DataRequest } from './data-operation';
import type { OutgoingMessage } from './outgoing-message';

export type MessageProperties = NonNullable<OutgoingMessage['properties']>;

/** A message that was posted, or why it is refused. Query and headers as in the API reference of Publish. */
export function readPublishRequest(
  topic: string,
  { query, headers, body }: DataRequest,
): OutgoingMessage | { readonly fault: string } {
  const qos = query.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') return { fault: 'qos must be 0 or 1' };
  const properties = readProperties(query, headers);
  if ('fault' in properties) return properties;
  return {
    topic,
    payload: body,
    qos: qos === '1' ? 1 : 0,
    retain: query.get('retain') === 'true',
    ...(Object.keys(properties).length > 0 && { properties }),
  };
}

/** The properties of a message in MQTT 5. */
export function readProperties(
  query: URLSearchParams,
  headers: Readonly<Record<string, string>>,
): MessageProperties | { readonly fault: string } {
  const contentType = query.get('contentType');
  const responseTopic = query.get('responseTopic');
  if (responseTopic !== null && /[+#]/.test(responseTopic)) return { fault: 'responseTopic has a wildcard' };
  const expiry = query.get('messageExpiry');
  if (expiry !== null && !/^\d{1,10}$/.test(expiry))
    return { fault: 'messageExpiry must be a number of seconds' };
  const format = headers['x-amz-mqtt5-payload-format-indicator'];
  if (format !== undefined && !['UNSPECIFIED_BYTES', 'UTF8_DATA'].includes(format))
    return { fault: 'the payload format indicator must be UNSPECIFIED_BYTES or UTF8_DATA' };
  const correlation = headers['x-amz-mqtt5-correlation-data'];
  if (correlation !== undefined && !isBase64(correlation))
    return { fault: 'the correlation data is not base64' };
  const userProperties = readUserProperties(headers['x-amz-mqtt5-user-properties']);
  if (userProperties === 'unreadable')
    return { fault: 'the user properties are not base64 of a JSON array of objects with one member each' };
  return {
    ...(contentType !== null && { contentType }),
    ...(responseTopic !== null && { responseTopic }),
    ...(expiry !== null && { messageExpiryInterval: Number(expiry) }),
    ...(format !== undefined && { payloadFormatIndicator: format === 'UTF8_DATA' }),
    ...(correlation !== undefined && { correlationData: Buffer.from(correlation, 'base64') }),
    ...(userProperties && { userProperties }),
  };
}

/** The user properties of the header: base64 of `[{"name": "value"}]`, in which a name may occur twice. */
function readUserProperties(
  header: string | undefined,
): Record<string, string | string[]> | 'unreadable' | undefined {
  if (header === undefined) return undefined;
  if (!isBase64(header)) return 'unreadable';
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    return 'unreadable';
  }
  if (!Array.isArray(list)) return 'unreadable';
  const properties = new Map<string, string[]>();
  for (const item of list) {
    const entries = typeof item === 'object' && item !== null ? Object.entries(item) : [];
    const [name, value] = entries[0] ?? [];
    if (entries.length !== 1 || name === undefined || typeof value !== 'string') return 'unreadable';
    properties.set(name, [...(properties.get(name) ?? []), value]);
  }
  return Object.fromEntries(properties);
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
