import { agentClientId } from '../domain/text';

/** Description of the quarantine group, also when it is created again. */
export const quarantineDescription = 'Contained by Cordon: everything but the kept topics is denied';

/** The account's own if cordon.yml names one. `prefix`: of the stack. */
export function nameQuarantinePolicy(
  prefix: string,
  { policy }: { readonly policy?: string | undefined },
): string {
  return policy ?? `${prefix}-quarantine`;
}

/** Prefixes of all actions of IoT policies (service authorization reference; AWS IoT policies). */
const anything = ['iot:*', 'iotjobsdata:*', 'greengrass:*'];

/** Actions that no contained device needs, not even on kept topics. */
const notEvenOnKept = [
  'iot:RetainPublish',
  'iot:GetRetainedMessage',
  'iot:ListRetainedMessages',
  'iot:DeleteConnection',
  'iot:SendDirectMessage',
];

/**
 * The deny policy of containments. It lists what stays open and denies every other action, including those that nobody
 * thought of. A contained device may connect under its own two client ids, subscribe, and publish and receive on the
 * kept topics. `${thing}` of a kept topic is the attached thing, by a variable that only MQTT resolves, and only if the
 * certificate belongs to that thing alone or the client id is the thing's name. AWS doesn't say what a Deny does whose
 * NotResource has a variable without a value: it may apply, or be passed over. The second statement, without variables,
 * holds in both cases; the last one refuses a client that stands for no attached thing.
 */
export function writeQuarantinePolicy(keepTopics: readonly string[], arnPrefix: string) {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of cordon.yml and of IoT policies.
  const name = (text: string, thing: string) => `${arnPrefix}:${text.replaceAll('${thing}', thing)}`;
  const own = (text: string) => name(text, '${iot:Connection.Thing.ThingName}');
  const ofAny = (text: string) => name(text, '*');
  const client = 'client/${thing}';
  // A policy has 2,048 characters, so filters are kept by what stands before the thing's name.
  const filters = new Set(keepTopics.map((topic) => `topicfilter/${topic.replace(/\$\{thing\}.*$/, '*')}`));
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
  const topics = keepTopics.map((topic) => `topic/${topic}`);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: anything,
        // Subscribing is harmless: AWS IoT checks each delivery by its topic.
        NotResource: [...[client, agentClientId(client), ...topics].map(own), name('topicfilter/*', '')],
      },
      { Effect: 'Deny', Action: anything, NotResource: [client, ...topics, ...filters].map(ofAny) },
      { Effect: 'Deny', Action: notEvenOnKept, Resource: '*' },
      {
        Effect: 'Deny',
        Action: anything,
        Resource: '*',
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'false' } },
      },
    ],
  };
}
