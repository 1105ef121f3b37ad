import type { Configuration } from '../domain/configuration';
import type { Fault } from './fault';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const placeholder = '${thing}';

/** Of a topic (AWS IoT Core quotas): bytes, and slashes beside those of `$aws/things/NAME/`. */
const maxBytes = 256;
const maxLevels = 8;
const longestThing = 'x'.repeat(128);

/** Where AWS and Cordon have the topics of all things: below here every kept topic must be of one. */
const shared = ['$aws/things', '$aws/rules', 'cordon/things'];

/** Topics that a contained device could not use, or on which it could do anything. */
export function findTopicFaults({ quarantine: { keepTopics } }: Configuration): Fault[] {
  return keepTopics.flatMap((topic, index) => {
    const message = findTopicFault(topic);
    return message ? [{ path: ['quarantine', 'keepTopics', index], message }] : [];
  });
}

function findTopicFault(topic: string): string | undefined {
  const literal = topic.replaceAll(placeholder, longestThing);
  if (/[{}$]/.test(literal.replace(/^\$aws\//, '')))
    return `only ${placeholder} stands for something, the name of the contained thing: ${JSON.stringify(topic)} has another placeholder, or one that is cut short`;
  if (literal.includes('?')) return 'a ? would stand for any character: write the topic out';
  if (/^\$(?!aws\/)/.test(topic)) return 'a topic that begins with $ is one of AWS: $aws/...';
  if (literal.startsWith('/') || literal.includes('//'))
    return 'it has an empty level, which no topic of a device has by intent: write it without';
  const prefix = topic.replace(/\/?\*$/, '');
  const reopened = shared.find(
    (root) => topic.endsWith('*') && (root === prefix || root.startsWith(`${prefix}/`)),
  );
  if (reopened)
    return `it would open ${reopened}/* to a contained device, other things' topics too: name what to keep, such as ${reopened === '$aws/rules' ? '$aws/rules/RULE/' : `${reopened}/`}${placeholder}/*`;
  const levels = topic.replace(/^\$aws\/things\/[^/]+\//, '').split('/').length;
  if (Buffer.byteLength(topic) > maxBytes || levels > maxLevels)
    return `no topic is like this: AWS IoT takes ${maxBytes} bytes and ${maxLevels} levels`;
  return undefined;
}

/** Kept topics that every contained thing may use alike. */
export function findCommonTopics({ quarantine: { keepTopics } }: Configuration): string[] {
  return keepTopics.filter((topic) => !topic.includes(placeholder));
}
