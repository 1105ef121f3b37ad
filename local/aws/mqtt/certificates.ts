import 'reflect-metadata';
import { createHash, webcrypto as crypto } from 'node:crypto';
import type * as x509 from '@peculiar/x509';
import { invalid } from '../iot/errors';
import {
  backdateMs,
  createIssuer,
  createSerialNumber,
  dayMs,
  exportPrivateKey,
  type Issuer,
  keyAlgorithm,
  openIssuer,
  signingAlgorithm,
  toName,
} from './issuer';

// Loaded by hand, because Jest evaluates a CommonJS package before any import that stands above it.
const {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} = await import('@peculiar/x509');

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly privateKeyPem: string;
  /** AWS IoT's certificate id: SHA-256 of the DER form, in hexadecimal. */
  readonly certificateId: string;
}

interface DeviceCertificateRequest {
  readonly commonName: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface CertificateAuthority {
  readonly certificatePem: string;
  issueDeviceCertificate(request: DeviceCertificateRequest): Promise<IssuedCertificate>;
  /** Gives a certificate, PEM, for the key of a request (PKCS #10, PEM); rejects one that AWS IoT would refuse. */
  signRequest(requestPem: string): Promise<string>;
  /** For this machine's own names, unless others are given. */
  issueServerCertificate(request?: ServerCertificateRequest): Promise<IssuedCertificate>;
}

interface ServerCertificateRequest {
  readonly dnsName?: string;
  readonly notBefore?: Date;
}

/** Loads the CA that `directory` holds, or makes one there, so that certificates outlive a restart. */
export async function openCertificateAuthority(directory: string): Promise<CertificateAuthority> {
  return toAuthority(await openIssuer(directory));
}

/** Makes a CA that lives in memory only. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  return toAuthority(await createIssuer());
}

/** The id AWS IoT gives to a certificate. */
export function computeCertificateId(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

function toAuthority(issuer: Issuer): CertificateAuthority {
  return {
    certificatePem: `${issuer.certificate.toString('pem')}\n`,
    issueDeviceCertificate: (request) => issueDeviceCertificate(issuer, request),
    signRequest: (requestPem) => signRequest(issuer, requestPem),
    issueServerCertificate: (request = {}) => issueServerCertificate(issuer, request),
  };
}

async function issueDeviceCertificate(
  issuer: Issuer,
  request: DeviceCertificateRequest,
): Promise<IssuedCertificate> {
  return issue(issuer, {
    subject: toName(request.commonName),
    notBefore: request.notBefore ?? new Date(Date.now() - backdateMs),
    notAfter: request.notAfter ?? new Date(Date.now() + 3650 * dayMs),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
}

async function signRequest(issuer: Issuer, requestPem: string): Promise<string> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new Pkcs10CertificateRequest(requestPem);
    // The signature proves that the requester holds the key.
    if (!(await request.verify(crypto))) throw new Error('the signature is not that of its key');
  } catch (cause) {
    throw Object.assign(invalid('The certificate request could not be read or verified.'), { cause });
  }
  const { name, namedCurve, modulusLength } = request.publicKey.algorithm as KeyAlgorithm;
  // The key types of CreateCertificateFromCsr (API reference).
  const isTaken =
    name === 'ECDSA' ? ['P-256', 'P-384', 'P-521'].includes(namedCurve ?? '') : (modulusLength ?? 0) >= 2048;
  if (!isTaken) throw invalid('The key must be RSA of 2048 bits or more, or EC P-256/384/521.');
  const certificate = await certify(issuer, request.publicKey, {
    subject: request.subjectName,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + 3650 * dayMs),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  return `${certificate.toString('pem')}\n`;
}

interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
}

async function issueServerCertificate(
  issuer: Issuer,
  { dnsName, notBefore }: ServerCertificateRequest,
): Promise<IssuedCertificate> {
  const ownNames = [
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
  ] as const;
  const names = dnsName === undefined ? ownNames : ([{ type: 'dns', value: dnsName }] as const);
  return issue(issuer, {
    subject: toName(dnsName ?? 'localhost'),
    notBefore: notBefore ?? new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + 365 * dayMs),
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([...names]),
    ],
  });
}

interface IssueOptions {
  readonly subject: x509.Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly x509.Extension[];
}

/** Signs a certificate for a public key. */
function certify(
  issuer: Issuer,
  publicKey: x509.PublicKeyType,
  options: IssueOptions,
): Promise<x509.X509Certificate> {
  return X509CertificateGenerator.create(
    {
      serialNumber: createSerialNumber(),
      subject: options.subject,
      issuer: issuer.certificate.subjectName,
      notBefore: options.notBefore,
      notAfter: options.notAfter,
      publicKey,
      signingKey: issuer.privateKey,
      signingAlgorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...options.extensions,
      ],
    },
    crypto,
  );
}

async function issue(issuer: Issuer, options: IssueOptions): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await certify(issuer, keys.publicKey, options);
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: await exportPrivateKey(keys.privateKey),
    certificateId: computeCertificateId(new Uint8Array(certificate.rawData)),
  };
}
