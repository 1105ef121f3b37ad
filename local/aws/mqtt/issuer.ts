import 'reflect-metadata';
import { webcrypto as crypto, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as x509 from '@peculiar/x509';

// Loaded by hand, because Jest evaluates a CommonJS package before any import that stands above it.
const {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} = await import('@peculiar/x509');

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;
export const dayMs = 86_400_000;
/** Clocks of devices may be behind, and would refuse a certificate from this moment as not yet valid. */
export const backdateMs = 300_000;

/** A CA's own certificate and key. */
export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: crypto.CryptoKey;
}

/** Loads the CA that `directory` holds, or makes one there. */
export async function openIssuer(directory: string): Promise<Issuer> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  return (await loadIssuer(directory)) ?? (await saveIssuer(directory, await createIssuer()));
}

/** Makes a CA: a key, and a certificate that it signs itself. */
export async function createIssuer(): Promise<Issuer> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: createSerialNumber(),
      name: toName('Cordon local CA'),
      notBefore: new Date(Date.now() - backdateMs),
      notAfter: new Date(Date.now() + 3650 * dayMs),
      keys,
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { certificate, privateKey: keys.privateKey };
}

async function saveIssuer(directory: string, issuer: Issuer): Promise<Issuer> {
  // The certificate is renamed into place last: a half-written CA is created again.
  await writeFile(join(directory, 'ca.key'), await exportPrivateKey(issuer.privateKey), { mode: 0o600 });
  await chmod(join(directory, 'ca.key'), 0o600);
  await writeFile(join(directory, 'ca.pem.new'), `${issuer.certificate.toString('pem')}\n`);
  await rename(join(directory, 'ca.pem.new'), join(directory, 'ca.pem'));
  return issuer;
}

async function loadIssuer(directory: string): Promise<Issuer | undefined> {
  try {
    const certificate = new X509Certificate(await readFile(join(directory, 'ca.pem'), 'utf8'));
    const key = PemConverter.decodeFirst(await readFile(join(directory, 'ca.key'), 'utf8'));
    const privateKey = await crypto.subtle.importKey('pkcs8', key, keyAlgorithm, true, ['sign']);
    return { certificate, privateKey };
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw new Error(`${directory} holds a CA that cannot be read; delete that folder to make a new one`, {
      cause: error,
    });
  }
}

function isMissingFile(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

export async function exportPrivateKey(key: crypto.CryptoKey): Promise<string> {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', key);
  return `${PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag)}\n`;
}

/** RFC 5280, 4.1.2.2: positive, at most 20 octets. */
export function createSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** Built from parts, so that a name with `,` or `=` cannot add attributes of its own. */
export function toName(commonName: string): x509.Name {
  return new Name([{ CN: [{ utf8String: commonName }] }]);
}
