import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { IotRegistry } from '../iot/registry';
import type { Certificate } from '../iot/state';
import { computeCertificateId } from './certificates';

export type CertificateCheck =
  | { readonly certificate: Certificate; readonly fault?: undefined }
  | { readonly fault: string; readonly certificateId?: string; readonly certificate?: undefined };

/**
 * Identifies the client of a connection. AWS IoT accepts any registered and active certificate, whatever its issuer
 * (RegisterCertificateWithoutCA), so the registry decides. The handshake proves that the peer holds the key.
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
  // The handshake accepts any certificate, so the dates are checked here.
  const { validFrom, validTo } = new X509Certificate(raw);
  if (now < Date.parse(validFrom)) return { fault: 'the certificate is not valid yet', certificateId };
  if (now > Date.parse(validTo)) return { fault: 'the certificate has expired', certificateId };
  if (certificate.status !== 'ACTIVE')
    return { fault: `the certificate is ${certificate.status}`, certificateId };
  return { certificate };
}
