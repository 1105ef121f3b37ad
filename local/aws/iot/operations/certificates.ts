import { createHash, X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import { findCertificate } from '../certificates';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import type { Certificate, CertificateStatus } from '../state';
import {
  creationKey,
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  routesAt,
  toSeconds,
} from './route';

interface IssuedCertificate {
  readonly certificatePem: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

/** The calls of the registry to the local certificate authority. */
export interface CertificateIssuer {
  /** Its own certificate, PEM. */
  readonly caPem: string;
  /** Makes a key pair and a certificate for it. */
  issue(): Promise<IssuedCertificate>;
  /** Gives a certificate, PEM, for a request (PKCS #10, PEM), or throws an IotServiceError. */
  sign(requestPem: string): Promise<string>;
}

const CreateFromRequest = z.object({ certificateSigningRequest: z.string() });

const RegisterCertificate = z.object({
  certificatePem: z.string(),
  status: z.exactOptional(z.string()),
});

function describeCertificate(registry: IotRegistry, certificate: Certificate) {
  return {
    certificateDescription: {
      certificateArn: certificate.arn,
      certificateId: certificate.certificateId,
      status: certificate.status,
      certificatePem: certificate.pem,
      ownedBy: registry.state.identity.accountId,
      creationDate: toSeconds(certificate.createdAt),
      lastModifiedDate: toSeconds(certificate.modifiedAt),
      customerVersion: certificate.customerVersion,
      validity: {
        notBefore: toSeconds(certificate.notBeforeAt),
        notAfter: toSeconds(certificate.notAfterAt),
      },
      certificateMode: certificate.mode,
    },
  };
}

/** Answers as if the local authority were registered. The API has no error for a missing one. */
function listCertificatesOfCa(registry: IotRegistry, issuer: CertificateIssuer | undefined, call: IotCall) {
  const ca = new X509Certificate(requireIssuer(issuer).caPem);
  const isAsked = createHash('sha256').update(ca.raw).digest('hex') === readParam(call, 'caCertificateId');
  const all = isAsked ? [...registry.state.certificates.values()] : [];
  return listCertificates(
    all.filter(({ pem }) => new X509Certificate(pem).checkIssued(ca)),
    call,
  );
}

function listCertificates(certificates: readonly Certificate[], call: IotCall) {
  const page = paginate(
    call,
    'marker',
    certificates,
    ({ createdAt, certificateId }) => creationKey(createdAt, certificateId),
    !readFlag(call, 'ascendingOrder', false),
  );
  return {
    certificates: page.items.map((certificate) => ({
      certificateArn: certificate.arn,
      certificateId: certificate.certificateId,
      status: certificate.status,
      certificateMode: certificate.mode,
      creationDate: toSeconds(certificate.createdAt),
    })),
    ...page.next,
  };
}

function register(registry: IotRegistry, call: IotCall) {
  const { certificatePem, status } = readBody(RegisterCertificate, call);
  const { arn, certificateId } = registry.certificates.register(certificatePem, status);
  return { certificateArn: arn, certificateId };
}

function readStatus(call: IotCall): CertificateStatus {
  return readFlag(call, 'setAsActive', false) ? 'ACTIVE' : 'INACTIVE';
}

function requireIssuer(issuer: CertificateIssuer | undefined): CertificateIssuer {
  if (!issuer)
    throw invalid(
      'The local stack was started without a certificate authority: give the control plane an issuer.',
    );
  return issuer;
}

async function createKeys(registry: IotRegistry, issuer: CertificateIssuer | undefined, call: IotCall) {
  const { certificatePem, publicKeyPem, privateKeyPem } = await requireIssuer(issuer).issue();
  const { arn, certificateId } = registry.certificates.register(certificatePem, readStatus(call));
  const keyPair = { PublicKey: publicKeyPem, PrivateKey: privateKeyPem };
  return { certificateArn: arn, certificateId, certificatePem, keyPair };
}

/** Makes another certificate at each call, even from a request that was used before (API reference). */
async function createFromRequest(
  registry: IotRegistry,
  issuer: CertificateIssuer | undefined,
  call: IotCall,
) {
  const { certificateSigningRequest } = readBody(CreateFromRequest, call);
  const certificatePem = await requireIssuer(issuer).sign(certificateSigningRequest);
  const { arn, certificateId } = registry.certificates.register(certificatePem, readStatus(call));
  return { certificateArn: arn, certificateId, certificatePem };
}

export function certificateRoutes(
  registry: IotRegistry,
  issuer: CertificateIssuer | undefined,
): readonly IotRoute[] {
  const { state, certificates } = registry;
  const readId = (call: IotCall) => readParam(call, 'certificateId');
  const route = routesAt('/certificates/{certificateId}', (call) => [state.arns.build('cert', readId(call))]);
  return [
    routesAt('/certificate/register-no-ca')('RegisterCertificateWithoutCA', 'POST', (call) =>
      register(registry, call),
    ),
    routesAt('/keys-and-certificate')('CreateKeysAndCertificate', 'POST', (call) =>
      createKeys(registry, issuer, call),
    ),
    // IAM knows no resource type for making a certificate.
    routesAt('/certificates')('CreateCertificateFromCsr', 'POST', (call) =>
      createFromRequest(registry, issuer, call),
    ),
    route('DescribeCertificate', 'GET', (call) =>
      describeCertificate(registry, findCertificate(state, readId(call))),
    ),
    route('UpdateCertificate', 'PUT', (call) =>
      certificates.setStatus(readId(call), call.query.get('newStatus') ?? ''),
    ),
    route('DeleteCertificate', 'DELETE', (call) =>
      certificates.delete(readId(call), readFlag(call, 'forceDelete', false)),
    ),
    routesAt('/certificates')('ListCertificates', 'GET', (call) =>
      listCertificates([...state.certificates.values()], call),
    ),
    // IAM has no resource type for it.
    routesAt('/certificates-by-ca/{caCertificateId}')('ListCertificatesByCA', 'GET', (call) =>
      listCertificatesOfCa(registry, issuer, call),
    ),
  ];
}
