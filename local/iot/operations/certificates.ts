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
  toSeconds,
} from './route';

export interface IssuedCertificate {
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

function creationRoutes(registry: IotRegistry, issue: IssueCertificate | undefined): readonly IotRoute[] {
  return [
    {
      operation: 'RegisterCertificateWithoutCA',
      method: 'POST',
      path: '/certificate/register-no-ca',
      run(call) {
        const { certificatePem, status } = readBody(RegisterCertificate, call);
        const { arn, certificateId } = registry.certificates.register(certificatePem, status);
        return { certificateArn: arn, certificateId };
      },
    },
    {
      operation: 'CreateKeysAndCertificate',
      method: 'POST',
      path: '/keys-and-certificate',
      async run(call) {
        const status = readFlag(call, 'setAsActive', false) ? 'ACTIVE' : 'INACTIVE';
        if (!issue) throw invalid('The local stack was started without a certificate authority.');
        const { certificatePem, publicKeyPem, privateKeyPem } = await issue();
        const { arn, certificateId } = registry.certificates.register(certificatePem, status);
        const keyPair = { PublicKey: publicKeyPem, PrivateKey: privateKeyPem };
        return { certificateArn: arn, certificateId, certificatePem, keyPair };
      },
    },
  ];
}

export function certificateRoutes(
  registry: IotRegistry,
  issue: IssueCertificate | undefined,
): readonly IotRoute[] {
  const path = '/certificates/{certificateId}';
  const resources = (call: IotCall) => [registry.state.arns.build('cert', readParam(call, 'certificateId'))];
  return [
    ...creationRoutes(registry, issue),
    {
      operation: 'DescribeCertificate',
      method: 'GET',
      path,
      resources,
      run: (call) =>
        describeCertificate(registry, findCertificate(registry.state, readParam(call, 'certificateId'))),
    },
    {
      operation: 'UpdateCertificate',
      method: 'PUT',
      path,
      resources,
      run(call) {
        registry.certificates.setStatus(readParam(call, 'certificateId'), call.query.get('newStatus') ?? '');
      },
    },
    {
      operation: 'DeleteCertificate',
      method: 'DELETE',
      path,
      resources,
      run(call) {
        registry.certificates.delete(readParam(call, 'certificateId'), readFlag(call, 'forceDelete', false));
      },
    },
    {
      operation: 'ListCertificates',
      method: 'GET',
      path: '/certificates',
      run: (call) => listCertificates(registry, call),
    },
  ];
}
