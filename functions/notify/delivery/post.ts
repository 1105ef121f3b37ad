import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { printable } from '../../../shared/domain/messages/announcement';
import { clip } from '../../../shared/domain/text';
import { sendRequest } from '../../../shared/send-request';
import { ChannelBusyError, ChannelRefusalError } from './channel';
import { readRetryAfter } from './retry-after';

/** The name of the service, and the one unsafe address that may be reached. */
interface Service {
  /** The channel's name for people. */
  readonly title: string;
  /** Origin that the stack names itself: of the local stack, or of a test. Every other URL must be safe. */
  readonly trusted?: string | undefined;
}

interface Letter {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const patienceMs = 8_000;
/** At most this many characters of an answer are read. */
const answerMax = 10_000;

/**
 * Posts JSON to a URL that may come from a secret, and returns the answer. It speaks only HTTPS and follows no
 * redirect. It never connects to the function itself, to the addresses where AWS has credentials, or to private
 * networks, whatever name resolves to them.
 */
export async function post({ title, trusted }: Service, { url, headers, body }: Letter): Promise<string> {
  const target = readUrl(url, title, trusted);
  const isTrusted = target.origin === trusted;
  const { status, text, ...answer } = await sendRequest(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'cordon', ...headers },
    body,
    signal: AbortSignal.timeout(patienceMs),
    lookup: isTrusted ? undefined : guardedLookup,
    answerMax,
  });
  const retryAfter = answer.headers['retry-after'];
  if (status >= 200 && status < 300) return text;
  const isBusy = status === 429 || (status === 503 && retryAfter !== undefined);
  if (isBusy) throw new ChannelBusyError(title, readRetryAfter(retryAfter));
  if (status >= 500 || status === 408) throw new Error(`${title} answered ${status}`);
  if (status >= 300 && status < 400)
    throw new ChannelRefusalError(title, `${status}: it redirects, which is not followed`);
  throw new ChannelRefusalError(title, `${status} ${clip(printable(text), 200)}`);
}

function readUrl(text: string, title: string, trusted: string | undefined): URL {
  if (!URL.canParse(text)) throw new ChannelRefusalError(title, 'its secret has no valid URL');
  const url = new URL(text);
  if (url.origin === trusted) return url;
  if (url.protocol !== 'https:') throw new ChannelRefusalError(title, 'its URL is not https');
  if (url.username !== '' || url.password !== '')
    throw new ChannelRefusalError(title, 'its URL has a user name: put it into a header');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbidden(host))
    throw new ChannelRefusalError(
      title,
      `its URL names a private or local address, where Cordon sends nothing: ${host}`,
    );
  return url;
}

const forbidden = new BlockList();
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addSubnet('127.0.0.0', 8, 'ipv4');
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('224.0.0.0', 3, 'ipv4');
// Private and shared address space (RFC 1918, 6598, 2544, 6890): a function outside a VPC has no business there.
forbidden.addSubnet('10.0.0.0', 8, 'ipv4');
forbidden.addSubnet('100.64.0.0', 10, 'ipv4');
forbidden.addSubnet('172.16.0.0', 12, 'ipv4');
forbidden.addSubnet('192.0.0.0', 24, 'ipv4');
forbidden.addSubnet('192.168.0.0', 16, 'ipv4');
forbidden.addSubnet('198.18.0.0', 15, 'ipv4');
forbidden.addAddress('::', 'ipv6');
forbidden.addAddress('::1', 'ipv6');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addSubnet('ff00::', 8, 'ipv6');
// Private, and in it metadata and credentials of AWS (EC2 user guide, "Instance metadata"; ECS and EKS beside it).
forbidden.addSubnet('fc00::', 7, 'ipv6');
// IPv4 behind NAT64 and 6to4.
forbidden.addSubnet('64:ff9b::', 96, 'ipv6');
forbidden.addSubnet('64:ff9b:1::', 48, 'ipv6');
forbidden.addSubnet('2002::', 16, 'ipv6');

function isForbidden(address: string): boolean {
  return forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Connects to the address that was checked, so the name can't resolve to another one in between. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const bad = error ? undefined : addresses.find(({ address }) => isForbidden(address));
    const [first] = addresses ?? [];
    if (error) callback(error, '', 0);
    else if (bad || !first)
      callback(new Error(`${hostname} has a private or local address, where Cordon sends nothing`), '', 0);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** The local stack's own origin, if functions run in it: AWS sets no such variable. */
export function findLocalOrigin(endpoint = process.env.AWS_ENDPOINT_URL): string | undefined {
  return endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined;
}
