import * as z from 'zod/mini';
import { findCertificate } from '../certificates';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import type { Certificate } from '../state';
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

/** Makes a key pair and a certificate signed by the local CA. */
export type IssueCertificate = () => Promise<IssuedCertificate>;

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

function listCertificates(registry: IotRegistry, call: IotCall) {
  const page = paginate(
    call,
    'marker',
    [...registry.state.certificates.values()],
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

async function createKeys(registry: IotRegistry, issue: IssueCertificate | undefined, call: IotCall) {
  const status = readFlag(call, 'setAsActive', false) ? 'ACTIVE' : 'INACTIVE';
  if (!issue) throw invalid('The local stack was started without a certificate authority.');
  const { certificatePem, publicKeyPem, privateKeyPem } = await issue();
  const { arn, certificateId } = registry.certificates.register(certificatePem, status);
  const keyPair = { PublicKey: publicKeyPem, PrivateKey: privateKeyPem };
  return { certificateArn: arn, certificateId, certificatePem, keyPair };
}

export function certificateRoutes(
  registry: IotRegistry,
  issue: IssueCertificate | undefined,
): readonly IotRoute[] {
  const { state, certificates } = registry;
  const readId = (call: IotCall) => readParam(call, 'certificateId');
  const route = routesAt('/certificates/{certificateId}', (call) => [state.arns.build('cert', readId(call))]);
  return [
    routesAt('/certificate/register-no-ca')('RegisterCertificateWithoutCA', 'POST', (call) =>
      register(registry, call),
    ),
    routesAt('/keys-and-certificate')('CreateKeysAndCertificate', 'POST', (call) =>
      createKeys(registry, issue, call),
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
    routesAt('/certificates')('ListCertificates', 'GET', (call) => listCertificates(registry, call)),
  ];
}
