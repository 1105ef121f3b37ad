import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { IotRegistry } from '../iot/registry';
import type { Certificate } from '../iot/state';
import { computeCertificateId } from './certificates';

export type CertificateCheck =
  | { readonly certificate: Certificate; readonly fault?: undefined }
  | { readonly fault: string; readonly certificateId?: string; readonly certificate?: undefined };

/**
 * Tells whom a connection belongs to. AWS IoT accepts any certificate that is registered and active, whoever signed it
 * (RegisterCertificateWithoutCA), so the registry decides; that the peer holds the key is proven by the handshake.
 */
export function checkClientCertificate(
  socket: TLSSocket,
  registry: IotRegistry,
  now: number,
): CertificateCheck {
  const { raw } = socket.getPeerCertificate();
  if (!raw) return { fault: 'the client sent no certificate' };
  const certificateId = computeCertificateId(raw);
  const certificate = registry.certificateByFingerprint(certificateId);
  if (!certificate) return { fault: 'the certificate is not registered', certificateId };
  // Read from the certificate itself: the handshake is told to accept any, so nobody has looked at the dates yet.
  const { validFrom, validTo } = new X509Certificate(raw);
  if (now < Date.parse(validFrom)) return { fault: 'the certificate is not valid yet', certificateId };
  if (now > Date.parse(validTo)) return { fault: 'the certificate has expired', certificateId };
  if (certificate.status !== 'ACTIVE')
    return { fault: `the certificate is ${certificate.status}`, certificateId };
  return { certificate };
}
