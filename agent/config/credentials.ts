import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { codeOf, host, readGiven } from '../host';
import type { ConnectionSettings } from './settings';

/** An unusable certificate or key. The agent does not start without them. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

export interface Credentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Expiry of the certificate, epoch ms. */
  readonly expiresAt: number;
}

export type CredentialPaths = Pick<ConnectionSettings, 'rootCaPath' | 'certPath' | 'keyPath'>;

/** Reads the three files and checks that they match, so a wrong file is reported now and not as a failed handshake later. */
export function loadCredentials(
  paths: CredentialPaths,
  now: number,
  warn: (problem: string) => void,
): Credentials {
  const ca = readPem('--rootCA', paths.rootCaPath);
  const cert = readPem('--cert', paths.certPath);
  const key = readPem('--key', paths.keyPath);
  const certificate = isSame(lastChecked, { ca, cert, key })
    ? lastChecked.certificate
    : check(paths, { ca, cert, key });
  const expiresAt = Date.parse(certificate.validTo);
  if (expiresAt < now) warn(`--cert: ${paths.certPath} expired on ${certificate.validTo}`);
  if (Date.parse(certificate.validFrom) > now)
    warn(`--cert: ${paths.certPath} is valid from ${certificate.validFrom}`);
  warnOfMode(paths.keyPath, warn);
  return { ca, cert, key, expiresAt };
}

type Pems = Pick<Credentials, 'ca' | 'cert' | 'key'>;

/** Every connection attempt and every reload reads the files; the same ones need no second check. */
let lastChecked: (Pems & { readonly certificate: X509Certificate }) | undefined;

function isSame(
  checked: typeof lastChecked,
  { ca, cert, key }: Pems,
): checked is NonNullable<typeof checked> {
  return checked ? checked.ca.equals(ca) && checked.cert.equals(cert) && checked.key.equals(key) : false;
}

function check(paths: CredentialPaths, pems: Pems): X509Certificate {
  const { ca, cert, key } = pems;
  explainFailure('--rootCA', paths.rootCaPath, 'is not a PEM certificate', () => new X509Certificate(ca));
  const certificate = explainFailure(
    '--cert',
    paths.certPath,
    'is not a PEM certificate',
    () => new X509Certificate(cert),
  );
  const privateKey = explainFailure(
    '--key',
    paths.keyPath,
    'is not a PEM private key without a passphrase',
    () => createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CredentialsError(
      `--key: ${paths.keyPath} does not belong to the certificate ${paths.certPath}; give the key of that certificate`,
    );
  }
  explainFailure('--cert', paths.certPath, 'cannot be used for TLS', () =>
    createSecureContext({ ca, cert, key }),
  );
  lastChecked = { ...pems, certificate };
  return certificate;
}

function warnOfMode(keyPath: string, warn: (problem: string) => void): void {
  try {
    const stats = host.statSync(keyPath);
    if (!isOpenToOthers(stats, process.getegid?.())) return;
    const mode = (stats.mode & 0o777).toString(8);
    warn(`--key: ${keyPath} is open to other users (mode ${mode}); chmod 600 it`);
  } catch (error) {
    // The key itself could be read, so the agent can report.
    warn(`--key: ${keyPath}: can't check whether it is open to other users (${codeOf(error)})`);
  }
}

/** As the package installs it: root owns the key, and the agent can read it by its group but can't change it. */
export function isOpenToOthers(
  { mode, uid, gid }: Readonly<Record<'mode' | 'uid' | 'gid', number>>,
  ownGroup?: number,
): boolean {
  const allowed = uid === 0 && gid === ownGroup ? 0o040 : 0;
  return (mode & 0o077 & ~allowed) !== 0;
}

function readPem(flag: string, path: string): Buffer {
  return explainFailure(flag, path, 'cannot be read', () => readGiven(path));
}

function explainFailure<T>(flag: string, path: string, problem: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new CredentialsError(`${flag}: ${path} ${problem}${code ? ` (${code})` : ''}`, { cause });
  }
}
