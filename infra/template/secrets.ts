import type { ChannelSecret } from '../../functions/notify/channels/descriptor';
import { listChannels, listServed } from '../../functions/notify/channels/registry';
import { allow, arn, equals, iff, join, not, noValue, ref, type Value } from './cloudformation';

/** The secrets of all channels: by name in Parameter Store, or in Secrets Manager, which takes precedence. */
function listSecrets(): ChannelSecret[] {
  return listServed(listChannels()).flatMap(({ descriptor: { secret, buttons } }) => [
    ...(secret ? [secret] : []),
    ...(buttons ? [buttons.secret] : []),
  ]);
}

/** `SlackTokenSecret`, `SlackSigningSecret`. */
const inSecretsManager = ({ id }: ChannelSecret) => `${id}Secret`;
const inParameterStore = ({ id }: ChannelSecret) => `${id}Parameter`;
const isInManager = (secret: ChannelSecret) => `Has${inSecretsManager(secret)}`;

export function writeSecretParameters(prefix: string): Readonly<Record<string, object>> {
  return Object.fromEntries(
    listSecrets().flatMap((secret) => [
      [
        inParameterStore(secret),
        {
          Type: 'String',
          Default: `/${prefix}/${secret.name}`,
          AllowedPattern: '/[A-Za-z0-9_.\\-/]+',
          Description: `Name in Parameter Store of ${secret.what}`,
        },
      ],
      [
        inSecretsManager(secret),
        {
          Type: 'String',
          Default: '',
          AllowedPattern: '[A-Za-z0-9/_+=.@\\-]*',
          Description: `Name in Secrets Manager of ${secret.what}; empty: it is in Parameter Store`,
        },
      ],
    ]),
  );
}

export function writeSecretConditions(): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    listSecrets().map((secret) => [isInManager(secret), not(equals(ref(inSecretsManager(secret)), ''))]),
  );
}

/**
 * Outputs with the name of each secret in Parameter Store. They include channels that cordon.yml does not name, so that
 * people find the name before they add a channel.
 */
export function writeSecretOutputs(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    listSecrets().map((secret) => [
      `${secret.id}Location`,
      { Value: refSecret(secret), Description: `Name in Parameter Store of ${secret.what}` },
    ]),
  );
}

/**
 * Parameter Store serves the secrets of Secrets Manager under a reserved path, to callers with rights in both (Systems
 * Manager user guide, "Referencing AWS Secrets Manager secrets"). So the functions need only one place.
 */
export function refSecret(secret: ChannelSecret): Value {
  const path = join('/aws/reference/secretsmanager/', ref(inSecretsManager(secret)));
  return iff(isInManager(secret), path, ref(inParameterStore(secret)));
}

export function allowSecret(secret: ChannelSecret): Value[] {
  return [
    allow('ssm:GetParameter', arn('ssm', 'parameter', refSecret(secret))),
    // Secrets Manager appends six characters to each ARN.
    iff(
      isInManager(secret),
      allow(
        'secretsmanager:GetSecretValue',
        arn('secretsmanager', 'secret:', ref(inSecretsManager(secret)), '-??????'),
      ),
      noValue,
    ),
  ];
}
