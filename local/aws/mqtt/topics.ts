/** Limits of the AWS IoT Core message broker ("AWS IoT Core message broker and protocol limits and quotas"). */
const MAX_TOPIC_BYTES = 256;
const MAX_SLASHES = 7;

export const MAX_PAYLOAD_BYTES = 131_072;

/** What clients may publish below `$aws/`; shadow and jobs as in the guide's "Reserved topics". */
const PUBLISHABLE = [
  /^\$aws\/things\/[^/]+\/defender\/metrics\/(json|cbor)$/,
  /^\$aws\/things\/[^/]+\/shadow\/(get|update|delete)$/,
  /^\$aws\/things\/[^/]+\/shadow\/name\/[^/]+\/(get|update|delete)$/,
  /^\$aws\/certificates\/create-from-csr\/json$/,
  /^\$aws\/provisioning-templates\/[^/]+\/provision\/json$/,
  /^\$aws\/things\/[^/]+\/jobs\/(get|start-next)$/,
  /^\$aws\/things\/[^/]+\/jobs\/[^/]+\/(get|update)$/,
];
const DEFENDER_REPORT = /^\$aws\/things\/([^/]+)\/defender\/metrics\/(json|cbor)$/;

export interface DefenderTopic {
  readonly thingName: string;
  readonly format: 'json' | 'cbor';
}

/** Says why no client may publish to a topic, whatever its policy; undefined when it may. */
export function findPublishTopicFault(topic: string): string | undefined {
  if (/[+#]/.test(topic)) return 'the topic holds a wildcard';
  if (!topic.startsWith('$')) return findTopicSizeFault(topic);
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return `the topic is longer than ${MAX_TOPIC_BYTES} bytes`;
  return PUBLISHABLE.some((pattern) => pattern.test(topic)) ? undefined : 'the topic is reserved';
}

/** Says why no client may subscribe to a filter, whatever its policy; undefined when it may. */
export function findFilterFault(filter: string): string | undefined {
  if (filter.startsWith('$share/')) return 'shared subscriptions are not emulated';
  if (filter.startsWith('$') && !filter.startsWith('$aws/')) return 'the topic is reserved';
  if (filter.startsWith('$aws/')) {
    return Buffer.byteLength(filter) > MAX_TOPIC_BYTES
      ? `the filter is longer than ${MAX_TOPIC_BYTES} bytes`
      : undefined;
  }
  return findTopicSizeFault(filter);
}

function findTopicSizeFault(topic: string): string | undefined {
  if (topic.length === 0) return 'the topic is empty';
  if (topic.includes('\0')) return 'the topic holds U+0000'; // [MQTT-4.7.3-2]
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return `the topic is longer than ${MAX_TOPIC_BYTES} bytes`;
  if (topic.split('/').length - 1 > MAX_SLASHES) return `the topic has more than ${MAX_SLASHES} slashes`;
  return undefined;
}

/** A report for Device Defender; it can be published but never read. */
export function parseDefenderTopic(topic: string): DefenderTopic | undefined {
  const match = DEFENDER_REPORT.exec(topic);
  const thingName = match?.[1];
  if (thingName === undefined) return undefined;
  return { thingName, format: match?.[2] === 'cbor' ? 'cbor' : 'json' };
}

/** MQTT 3.1.1, section 4.7. */
export function matchesFilter(filter: string, topic: string): boolean {
  const filterLevels = filter.split('/');
  const levels = topic.split('/');
  // [MQTT-4.7.2-1]: a wildcard in front does not reach the topics of the server itself.
  if (topic.startsWith('$') && (filterLevels[0] === '#' || filterLevels[0] === '+')) return false;
  for (const [index, wanted] of filterLevels.entries()) {
    if (wanted === '#') return true;
    if (index >= levels.length) return false;
    if (wanted !== '+' && wanted !== levels[index]) return false;
  }
  return filterLevels.length === levels.length;
}

/** [MQTT-4.7.1-2] and [MQTT-4.7.1-3]: wildcards stand alone in their level, and `#` comes last. */
export function isValidFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\0')) return false;
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level === '+') return true;
    if (level === '#') return index === levels.length - 1;
    return !/[+#]/.test(level);
  });
}
