import { allow, arn, equals, iff, join, not, noValue, ref, type Value } from './cloudformation';

/** The two secrets of Slack: by name in Parameter Store, or in Secrets Manager, which wins. */
const secrets = [
  { id: 'SlackToken', name: 'slack', what: "Slack's bot token or the URL of an incoming webhook" },
  { id: 'SlackSigning', name: 'slack-signing-secret', what: "the signing secret of Slack's buttons" },
] as const;

type SecretId = (typeof secrets)[number]['id'];

/** `SlackTokenSecret`, `SlackSigningSecret`. */
const inSecretsManager = (id: SecretId) => `${id}Secret`;

export function writeSecretParameters(prefix: string): Readonly<Record<string, object>> {
  return Object.fromEntries(
    secrets.flatMap(({ id, name, what }) => [
      [
        `${id}Parameter`,
        {
          Type: 'String',
          Default: `/${prefix}/${name}`,
          AllowedPattern: '/[A-Za-z0-9_.\\-/]+',
          Description: `Name in Parameter Store of ${what}`,
        },
      ],
      [
        inSecretsManager(id),
        {
          Type: 'String',
          Default: '',
          AllowedPattern: '[A-Za-z0-9/_+=.@\\-]*',
          Description: `Name in Secrets Manager of ${what}; empty: it is in Parameter Store`,
        },
      ],
    ]),
  );
}

export const secretConditions = Object.fromEntries(
  secrets.map(({ id }) => [`Has${inSecretsManager(id)}`, not(equals(ref(inSecretsManager(id)), ''))]),
);

/**
 * Parameter Store hands out secrets of Secrets Manager under a path of its own, to who may read them there too (Systems
 * Manager user guide, "Referencing AWS Secrets Manager secrets"). So the functions know one place only.
 */
export function allowSecret(id: SecretId): Value[] {
  const secret = ref(inSecretsManager(id));
  const inManager = `Has${inSecretsManager(id)}`;
  const name = iff(inManager, join('/aws/reference/secretsmanager/', secret), ref(`${id}Parameter`));
  return [
    allow('ssm:GetParameter', arn('ssm', 'parameter', name)),
    // Secrets Manager ends each ARN with six characters of its own.
    iff(
      inManager,
      allow('secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:', secret, '-??????')),
      noValue,
    ),
  ];
}
