import type { Configuration } from '../domain/configuration';

/** Domains that nobody has, made for examples (RFC 2606, RFC 6761): an address there is a placeholder. */
const reserved = /[@.](example\.(com|net|org)|example|test|invalid|localhost)$/i;

/** What a cordon.yml leaves to be done; nothing of it is wrong. */
export function findWarnings({ notify: { email, slack } }: Configuration): string[] {
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
