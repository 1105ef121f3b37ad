import { isObject, parseJson } from '../json';
import { type Account, readAccount } from '../thing-ref';

/**
 * An alert of Device Defender names no account (docs/facts.md#alerts). It belongs to the account of the topic that
 * delivered it, since that topic takes alerts of its own account only. A message from another topic or source may name
 * another account, whose things are not the things here.
 */

/** The account and region that a message names, as `ACCOUNT/REGION`, if they differ from `own`. */
export function findForeignOrigin(body: string, own: Account): string | undefined {
  const outer = parseJson(body);
  if (!isObject(outer)) return undefined;
  const inner = typeof outer.Message === 'string' ? parseJson(outer.Message) : undefined;
  for (const message of [outer, inner])
    for (const { account = own.account, region = own.region } of listOrigins(message))
      if (account !== own.account || region !== own.region) return `${account}/${region}`;
  return undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/** As alerts, findings of other services and EventBridge name them. */
const accountFields = ['account', 'accountId', 'awsAccountId', 'AwsAccountId'];
const regionFields = ['region', 'awsRegion', 'Region'];

function listOrigins(message: unknown): Partial<Account>[] {
  if (!isObject(message)) return [];
  const told = isObject(message.cordon) ? message.cordon.thing : undefined;
  return [
    ...[message, told].filter(isObject).flatMap(readFields),
    // The ARN of the thing, or of the topic in the envelope of SNS.
    ...Object.values(message).flatMap((value) =>
      typeof value === 'string' ? (readAccount(value) ?? []) : [],
    ),
  ];
}

function readFields(claims: Claims): Partial<Account>[] {
  const read = (names: readonly string[], most: number) =>
    names.flatMap((name) => {
      const value = claims[name];
      if (typeof value === 'number') return String(value).padStart(12, '0');
      return typeof value === 'string' && value !== '' ? value.slice(0, most) : [];
    });
  return [
    ...read(accountFields, 12).map((account) => ({ account })),
    ...read(regionFields, 32).map((region) => ({ region })),
  ];
}
