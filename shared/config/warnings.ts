import type { Configuration } from '../domain/configuration';
import { findCommonTopics } from './keep-topics';
import { findNearMisses } from './near-misses';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const thing = '${thing}';

/** Domains that nobody has, made for examples (RFC 2606, RFC 6761): an address there is a placeholder. */
const reserved = /[@.](example\.(com|net|org)|example|test|invalid|localhost)$/i;

/** What a cordon.yml leaves to be done; nothing of it is wrong. */
export function findWarnings(configuration: Configuration): string[] {
  return [
    ...findNearMisses(configuration),
    ...findCommonTopics(configuration).map(
      (topic) =>
        `every contained thing may use ${topic}, whosever it is: write ${thing} into it where it is a thing's own`,
    ),
    ...findUntold(configuration),
  ];
}

function findUntold({ notify: { email, slack } }: Configuration): string[] {
  const placeholders = email.filter((address) => reserved.test(address));
  const reached = email.length > placeholders.length;
  return [
    ...placeholders.map(
      (address) =>
        `${address} is a placeholder, which reaches nobody: set notify.email, or --param="email=YOU@YOUR-DOMAIN"`,
    ),
    ...(reached || placeholders.length > 0
      ? []
      : [
          `no e-mail address: ${slack ? 'cases are told in Slack only, and alarms reach nobody' : 'nobody is told of cases and alarms'}: ` +
            'set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
        ]),
  ];
}
