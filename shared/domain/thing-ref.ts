import { heartbeatName } from './heartbeat';
import { isRegistryName } from './text';

/** An account of AWS in one of its regions: a registry of things. */
export interface Account {
  readonly account: string;
  readonly region: string;
}

/**
 * A thing in any registry. A name alone does not identify it, because another account may have a thing of the same
 * name.
 */
export interface ThingRef extends Account {
  readonly name: string;
}

declare const brand: unique symbol;

/**
 * A thing's identity as text, in keys, commands, leases and limits: its name if it is of the account and region that
 * Cordon runs in, else `ACCOUNT/REGION/NAME`. No name has a slash, so neither can be mistaken for the other; a release
 * that knew one account reads the first as its own, and refuses the second.
 * Branded, so that an unchecked text is no identity: `parseThing` reads one, `formatThing` and `thingKey` write one.
 */
export type ThingKey = string & { readonly [brand]: 'thing' };

/** The prefix of the keys of an account's things. */
export type AccountKey = string & { readonly [brand]: 'account' };

export const home = '' as AccountKey;

const accountId = /^\d{12}$/;
/** A pattern instead of AWS's list, which grows. */
const regionName = /^[a-z]{2}[a-z0-9-]{1,30}$/;

/** `arn:aws:iot:REGION:ACCOUNT`, and whatever follows; undefined for anything else, as an ARN without an account. */
export function readAccount(arn: string): Account | undefined {
  const [start, , , region = '', account = ''] = arn.split(':');
  return start === 'arn' && regionName.test(region) && accountId.test(account)
    ? { account, region }
    : undefined;
}

/** The account that Cordon runs in, by the prefix of its ARNs. */
export function requireAccount(arnPrefix: string): Account {
  const found = readAccount(arnPrefix);
  if (!found) throw new Error(`${arnPrefix} names no account and region`);
  return found;
}

export function accountKey({ account, region }: Account): AccountKey {
  return `${account}/${region}/` as AccountKey;
}

/** Identity of the heartbeat, in its messages. */
export const heartbeatKey = heartbeatName as ThingKey;

/** Every name of the registry except the heartbeat's, under which Cordon would not protect a thing. */
export function isThingName(text: unknown): text is string {
  return isRegistryName(text) && text !== heartbeatName;
}

/** A thing of Cordon's own account, or of the account that is named. */
export function thingKey(name: string, account: AccountKey = home): ThingKey {
  if (!isThingName(name)) throw new Error(`${JSON.stringify(name)} is not a thing name`);
  return `${account}${name}` as ThingKey;
}

export function formatThing({ name, ...account }: ThingRef, own: Account): ThingKey {
  return thingKey(name, isSame(account, own) ? home : accountKey(account));
}

/** Reads `NAME` or `ACCOUNT/REGION/NAME`; undefined for anything else. `own`, if it is known, needs no naming. */
export function parseThing(text: unknown, own?: Account): ThingKey | undefined {
  if (isThingName(text)) return thingKey(text);
  const [account = '', region = '', name = '', ...rest] = typeof text === 'string' ? text.split('/') : [];
  if (rest.length > 0 || !accountId.test(account) || !regionName.test(region) || !isThingName(name))
    return undefined;
  return own ? formatThing({ account, region, name }, own) : thingKey(name, accountKey({ account, region }));
}

/** The thing of a key, all of it. */
export function referTo(key: ThingKey, own: Account): ThingRef {
  const [account = '', region = '', name] = key.split('/');
  return name === undefined ? { ...own, name: key } : { account, region, name };
}

/** Why nothing is done about a thing of another account. */
export const notHome =
  'Cordon acts on things of the account and region that it runs in only, which go by their name alone';

/** Whether a thing is of the account and region that Cordon runs in: Cordon acts only there. */
export function isHome(key: ThingKey): boolean {
  return !key.includes('/');
}

function isSame(one: Account, other: Account): boolean {
  return one.account === other.account && one.region === other.region;
}
