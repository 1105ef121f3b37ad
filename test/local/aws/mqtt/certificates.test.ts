import 'reflect-metadata';
import { webcrypto as crypto, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  openCertificateAuthority,
} from '../../../../local/aws/mqtt/certificates';

const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cordon-ca-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const publicExponent = new Uint8Array([1, 0, 1]);

async function aRequest(
  algorithm: (crypto.EcKeyGenParams & { readonly hash: string }) | crypto.RsaHashedKeyGenParams,
) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=mything1', keys, signingAlgorithm: algorithm },
    crypto,
  );
  const publicKey = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
  return { pem: request.toString('pem'), publicKey };
}

async function readMode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('openCertificateAuthority', () => {
  it('keeps the CA of its directory, so that certificates outlive a restart', async () => {
    const first = await openCertificateAuthority(join(directory, 'ca'));
    const { certificatePem } = await first.issueDeviceCertificate({ commonName: 'mything1' });

    const second = await openCertificateAuthority(join(directory, 'ca'));
    const issuedLater = await second.issueDeviceCertificate({ commonName: 'mything1' });

    const root = new X509Certificate(first.certificatePem);
    expect(second.certificatePem).toBe(first.certificatePem);
    expect(new X509Certificate(certificatePem).verify(root.publicKey)).toBe(true);
    expect(new X509Certificate(issuedLater.certificatePem).verify(root.publicKey)).toBe(true);
  });

  it('makes the private key readable by its owner only', async () => {
    await openCertificateAuthority(join(directory, 'ca'));

    expect(await readMode(join(directory, 'ca'))).toBe('700');
    expect(await readMode(join(directory, 'ca/ca.key'))).toBe('600');
  });

  it('says what to do about a CA that cannot be read', async () => {
    await openCertificateAuthority(directory);
    await writeFile(join(directory, 'ca.pem'), 'not a certificate');

    await expect(openCertificateAuthority(directory)).rejects.toThrow(
      `${directory} holds a CA that cannot be read; delete that folder to make a new one`,
    );
  });
});

describe('a certificate authority', () => {
  it('issues a server certificate for the local names', async () => {
    const ca = await createCertificateAuthority();

    const certificate = new X509Certificate((await ca.issueServerCertificate()).certificatePem);

    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
  });

  it('names a device certificate by the SHA-256 of its DER form', async () => {
    const ca = await createCertificateAuthority();

    const issued = await ca.issueDeviceCertificate({ commonName: 'mything1' });

    const certificate = new X509Certificate(issued.certificatePem);
    expect(issued.certificateId).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(issued.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(certificate.ca).toBe(false);
  });

  it('issues the requested validity', async () => {
    const ca = await createCertificateAuthority();
    const notBefore = new Date('2020-01-01T00:00:00Z');
    const notAfter = new Date('2020-02-01T00:00:00Z');

    const issued = await ca.issueDeviceCertificate({ commonName: 'old', notBefore, notAfter });

    const { validFrom, validTo } = new X509Certificate(issued.certificatePem);
    expect([new Date(validFrom), new Date(validTo)]).toEqual([notBefore, notAfter]);
  });

  it('treats a common name as one value whatever it contains', async () => {
    const ca = await createCertificateAuthority();

    const issued = await ca.issueDeviceCertificate({ commonName: 'a,O=Other+OU=x' });

    expect(new X509Certificate(issued.certificatePem).subject).toBe('CN=a\\,O=Other\\+OU=x');
  });

  it.each([
    ['EC', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }],
    ['RSA', { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent, hash: 'SHA-256' }],
  ])('signs a request for an %s key with its subject and its key', async (_kind, algorithm) => {
    const ca = await createCertificateAuthority();
    const { pem, publicKey } = await aRequest(algorithm);

    const certificate = new X509Certificate(await ca.signRequest(pem));

    expect(certificate.subject).toBe('CN=mything1');
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(publicKey);
    expect(certificate.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
  });

  it('refuses a request that has a weak or another key, or is invalid', async () => {
    const ca = await createCertificateAuthority();
    const weak = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent, hash: 'SHA-256' };
    const { pem } = await aRequest({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' });
    const der = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;

    for (const request of [(await aRequest(weak)).pem, forged, 'text', ''])
      await expect(ca.signRequest(request)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});
