/**
 * The deny policy of the quarantine group: everything but the kept topics. Connect stays allowed, so that the device
 * can be heard on them. `${thing}` becomes the client id, which equals the thing name wherever a group policy bites.
 */
export function writeQuarantinePolicy(keepTopics: readonly string[], arnPrefix: string) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of cordon.yml and of IoT policies.
  const topics = keepTopics.map((topic) => topic.replaceAll('${thing}', '${iot:ClientId}'));
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: ['iot:Publish', 'iot:Receive', 'iot:RetainPublish'],
        NotResource: topics.map((topic) => `${arnPrefix}:topic/${topic}`),
      },
      {
        Effect: 'Deny',
        Action: 'iot:Subscribe',
        NotResource: topics.map((topic) => `${arnPrefix}:topicfilter/${topic}`),
      },
    ],
  };
}
