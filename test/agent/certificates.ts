import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateAuthority, createCertificateAuthority } from '../../local/aws/mqtt/certificates';

export interface DeviceFiles {
  readonly rootCaPath: string;
  readonly certPath: string;
  readonly keyPath: string;
  readonly authority: CertificateAuthority;
}

/** Writes a CA and the certificate and key of one device into `directory`. */
export async function writeDeviceFiles(
  directory: string,
  validity: { readonly notBefore?: Date; readonly notAfter?: Date } = {},
): Promise<DeviceFiles> {
  const authority = await createCertificateAuthority();
  const device = await authority.issueDeviceCertificate({ commonName: 'mything1', ...validity });
  const paths = {
    rootCaPath: join(directory, 'ca.pem'),
    certPath: join(directory, 'cert.pem'),
    keyPath: join(directory, 'key.pem'),
  };
  writeFileSync(paths.rootCaPath, authority.certificatePem);
  writeFileSync(paths.certPath, device.certificatePem);
  writeFileSync(paths.keyPath, device.privateKeyPem);
  chmodSync(paths.keyPath, 0o600);
  return { ...paths, authority };
}
