import type { ChannelSecret } from '../functions/notify/channels/descriptor';
import { listChannels, listServed } from '../functions/notify/channels/registry';
import { allow, arn, equals, iff, join, not, noValue, ref, type Value } from './cloudformation';

/** The secrets of all channels: by name in Parameter Store, or in Secrets Manager, which wins. */
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
 * Parameter Store hands out secrets of Secrets Manager under a path of its own, to who may read them there too (Systems
 * Manager user guide, "Referencing AWS Secrets Manager secrets"). So the functions know one place only.
 */
export function refSecret(secret: ChannelSecret): Value {
  const path = join('/aws/reference/secretsmanager/', ref(inSecretsManager(secret)));
  return iff(isInManager(secret), path, ref(inParameterStore(secret)));
}

export function allowSecret(secret: ChannelSecret): Value[] {
  return [
    allow('ssm:GetParameter', arn('ssm', 'parameter', refSecret(secret))),
    // Secrets Manager ends each ARN with six characters of its own.
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
