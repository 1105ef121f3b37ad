import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority, openCertificateAuthority } from '../../../local/mqtt/certificates';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cordon-ca-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

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

  it('lets nobody else read the private key', async () => {
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

  it('gives the validity it is asked for', async () => {
    const ca = await createCertificateAuthority();
    const notBefore = new Date('2020-01-01T00:00:00Z');
    const notAfter = new Date('2020-02-01T00:00:00Z');

    const issued = await ca.issueDeviceCertificate({ commonName: 'old', notBefore, notAfter });

    const { validFrom, validTo } = new X509Certificate(issued.certificatePem);
    expect([new Date(validFrom), new Date(validTo)]).toEqual([notBefore, notAfter]);
  });

  it('takes a common name as one value whatever it holds', async () => {
    const ca = await createCertificateAuthority();

    const issued = await ca.issueDeviceCertificate({ commonName: 'a,O=Other+OU=x' });

    expect(new X509Certificate(issued.certificatePem).subject).toBe('CN=a\\,O=Other\\+OU=x');
  });
});
