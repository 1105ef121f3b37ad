import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  webcrypto,
  type X509Certificate,
} from 'node:crypto';

// Loaded on demand, because most commands generate no key.
const loadX509 = () => import('@peculiar/x509');

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A new key for a device, PKCS #8 in PEM. AWS IoT takes EC P-256, which small devices handle best. */
export async function createKey(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  return `${createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' })}`;
}

/** A certificate request (PKCS #10, PEM) that shows AWS IoT the public half of a key made by `createKey`. */
export async function createSigningRequest(thingName: string, keyPem: string): Promise<string> {
  const { Name, Pkcs10CertificateRequestGenerator } = await loadX509();
  const key = createPrivateKey(keyPem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      // Built from parts, so no character of a name can start another attribute.
      name: new Name([{ CN: [{ utf8String: thingName }] }]).toString(),
      keys: {
        privateKey: await subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign']),
        publicKey: await subtle.importKey('spki', spki, keyAlgorithm, true, ['verify']),
      },
      signingAlgorithm: { ...keyAlgorithm, hash: 'SHA-256' },
    },
    webcrypto,
  );
  return `${request.toString('pem')}\n`;
}

/** The public key of a request; undefined if the text is not a request or its signature does not match its key. */
export async function readRequestKey(requestPem: string): Promise<Buffer | undefined> {
  const { Pkcs10CertificateRequest } = await loadX509();
  try {
    const request = new Pkcs10CertificateRequest(requestPem);
    if (!(await request.verify(webcrypto))) return undefined;
    return Buffer.from(request.publicKey.rawData);
  } catch {
    // A request that the parser refuses is not one that AWS IoT accepts.
    return undefined;
  }
}

/** A key as SubjectPublicKeyInfo, to compare. */
export function publicKeyOf(source: string | X509Certificate): Buffer {
  const key: KeyObject = typeof source === 'string' ? createPublicKey(source) : source.publicKey;
  return key.export({ type: 'spki', format: 'der' });
}
