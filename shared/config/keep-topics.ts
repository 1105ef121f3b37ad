import type { Configuration } from '../domain/configuration';
import type { Fault } from './fault';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const placeholder = '${thing}';

/** The limits of a topic (AWS IoT Core quotas): bytes, and slashes beside those of `$aws/things/NAME/`. */
const maxBytes = 256;
const maxLevels = 8;
const longestThing = 'x'.repeat(128);

/** Parents of the topics of all things. Below them, a kept topic must name the thing. */
const shared = ['$aws/things', '$aws/rules', 'cordon/things'];

/** Kept topics that a contained device could not use, or that would allow too much. */
export function findTopicFaults({ quarantine: { keepTopics } }: Configuration): Fault[] {
  return keepTopics.flatMap((topic, index) => {
    const message = findTopicFault(topic);
    return message ? [{ path: ['quarantine', 'keepTopics', index], message }] : [];
  });
}

function findTopicFault(topic: string): string | undefined {
  const literal = topic.replaceAll(placeholder, longestThing);
  if (/[{}$]/.test(literal.replace(/^\$aws\//, '')))
    return `the only placeholder is ${placeholder}, the name of the contained thing: ${JSON.stringify(topic)} has another or an incomplete one`;
  if (literal.includes('?')) return 'a ? would match any character: write the whole topic';
  if (/^\$(?!aws\/)/.test(topic)) return 'a topic that begins with $ must be a topic of AWS: $aws/...';
  if (literal.startsWith('/') || literal.includes('//')) return 'it has an empty level: remove it';
  const prefix = topic.replace(/\/?\*$/, '');
  const reopened = shared.find(
    (root) => topic.endsWith('*') && (root === prefix || root.startsWith(`${prefix}/`)),
  );
  if (reopened)
    return `it would allow ${reopened}/* to a contained device, with topics of other things: name what to keep, such as ${reopened === '$aws/rules' ? '$aws/rules/RULE/' : `${reopened}/`}${placeholder}/*`;
  const levels = topic.replace(/^\$aws\/things\/[^/]+\//, '').split('/').length;
  if (new TextEncoder().encode(topic).length > maxBytes || levels > maxLevels)
    return `it is no possible topic: the limits of AWS IoT are ${maxBytes} bytes and ${maxLevels} levels`;
  return undefined;
}

/** Kept topics that every contained thing may use alike. */
export function findCommonTopics({ quarantine: { keepTopics } }: Configuration): string[] {
  return keepTopics.filter((topic) => !topic.includes(placeholder));
}

/** Whether a kept topic, in which `*` may be the last level, keeps this topic of a thing open. */
export function keepsTopic(keptTopic: string, thingName: string, topic: string): boolean {
  const named = keptTopic.replaceAll(placeholder, thingName);
  return named.endsWith('/*') ? topic.startsWith(named.slice(0, -1)) : topic === named;
}
