// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const placeholder = '${thing}';

/** Whether a topic of `quarantine.keepTopics`, in which `*` may be the last level, keeps this one. */
export function matchesTopic(pattern: string, thingName: string, topic: string): boolean {
  const named = pattern.replaceAll(placeholder, thingName);
  return named.endsWith('/*') ? topic.startsWith(named.slice(0, -1)) : topic === named;
}
