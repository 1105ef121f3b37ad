import type { Configuration } from '../../shared/domain/configuration';
import { agentClientId } from '../../shared/domain/text';
import { UsageError } from '../cli-error';

/** The scope of a policy: all things, by the variables of AWS IoT, or one named thing. */
export type PolicyScope = 'fleet' | 'thing';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the command line and of IoT policies.
const placeholder = '${thing}';
const thingVariable = '${iot:Connection.Thing.ThingName}';
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.

/** AWS IoT's limit on a policy document, without white space (General Reference, IoT Core quotas). */
const largestDocument = 2048;

/**
 * Checks an application topic of a device. The thing's name must be a whole level: `app/${thing}*` would include the topics of
 * every thing whose name begins the same, as `mything1*` includes those of `mything10`.
 */
export function checkTopic(topic: string): string {
  const levels = topic.split('/');
  const wrong =
    (topic.startsWith('cordon/') && 'belongs to Cordon, which defines what a device may do there') ||
    (!levels.includes(placeholder) && `has no level ${placeholder}, so it includes topics of other things`) ||
    (levels.some((level) => level !== placeholder && level.includes('${')) &&
      `may have ${placeholder} only as a whole level`) ||
    (levels.slice(0, levels.indexOf(placeholder)).some((level) => /[*?]/.test(level)) &&
      `has a wildcard before ${placeholder}, which matches across levels`) ||
    (/[+#]/.test(topic) && 'has + or #, which are not wildcards in a policy: use *') ||
    (!/^[\x21-\x7e]{1,256}$/.test(topic) && 'has characters other than printable ASCII without spaces');
  if (wrong) throw new UsageError(`topic ${JSON.stringify(topic)} ${wrong}`);
  return topic;
}

/**
 * The rights that a device needs, and no more: a client id for its application and one for its agent, its own reports, the
 * messages of Cordon, and its own topics.
 */
export function writeDevicePolicy(
  arnPrefix: string,
  detector: Configuration['detector'],
  topics: readonly string[],
  thingName?: string,
) {
  const thing = thingName ?? thingVariable;
  const resources = (kind: string, names: readonly string[]) =>
    names.map((name) => `${arnPrefix}:${kind}/${name.replaceAll(placeholder, thing)}`);
  const own = topics.map(checkTopic);
  const reports = [
    ...(detector === 'device-defender' ? [] : [`cordon/things/${placeholder}/reports`]),
    ...(detector === 'cordon' ? [] : [`$aws/things/${placeholder}/defender/metrics`]),
  ].flatMap((topic) => [`${topic}/json`, `${topic}/cbor`]);
  const heard = [
    `cordon/things/${placeholder}/*`,
    ...(detector === 'cordon' ? [] : [`$aws/things/${placeholder}/defender/*`]),
  ];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: resources('client', [placeholder, agentClientId(placeholder)]),
        // A certificate that is attached to no thing has no name to connect under. That of an agent's client id is known
        // if the certificate is attached exclusively.
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } },
      },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: resources('topic', reports) },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: resources('topic', heard) },
      // One statement for both, because a policy has little room.
      ...(own.length > 0
        ? [{ Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: resources('topic', own) }]
        : []),
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: resources('topicfilter', [...heard, ...own]) },
    ],
  };
}

/** The document for AWS IoT. Throws if it exceeds the limit of AWS IoT. */
export function serializePolicy(policy: ReturnType<typeof writeDevicePolicy>): string {
  const text = JSON.stringify(policy);
  if (text.length <= largestDocument) return text;
  throw new UsageError(
    `the device policy would have ${text.length} characters, and the limit of AWS IoT is ${largestDocument}: give fewer or shorter topics`,
  );
}
