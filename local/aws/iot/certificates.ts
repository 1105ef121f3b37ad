import { createHash, X509Certificate } from 'node:crypto';
import { alreadyExists, IotServiceError, invalid, notFound } from './errors';
import { requireName } from './names';
import type { Certificate, CertificateStatus, IotState } from './state';

const MAX_PEM_LENGTH = 65_536;
/** What UpdateCertificate may set; the other states belong to transfers and just-in-time registration. */
const SETTABLE_STATUSES: readonly string[] = ['ACTIVE', 'INACTIVE', 'REVOKED'];

export interface CertificateStore {
  register(pem: string, status?: string): Certificate;
  setStatus(certificateId: string, status: string): void;
  delete(certificateId: string, force?: boolean): void;
}

export function findCertificate(state: IotState, certificateId: string): Certificate {
  const id = requireName('certificateId', certificateId);
  const certificate = state.certificates.get(id);
  if (!certificate) throw notFound(`The certificate ${certificateId} does not exist.`);
  return certificate;
}

function parsePem(pem: unknown): X509Certificate {
  if (typeof pem !== 'string' || pem.length === 0 || pem.length > MAX_PEM_LENGTH) {
    throw invalid('certificatePem must be one certificate in PEM form.');
  }
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const error = new IotServiceError(
      'CertificateValidationException',
      'The certificate could not be parsed.',
    );
    error.cause = cause;
    throw error;
  }
}

function requireStatus(status: unknown): CertificateStatus {
  if (typeof status === 'string' && SETTABLE_STATUSES.includes(status)) return status as CertificateStatus;
  throw invalid(`Certificate status must be one of ${SETTABLE_STATUSES.join(', ')}.`);
}

function registerCertificate(state: IotState, pem: string, status: string): Certificate {
  const x509 = parsePem(pem);
  const certificateId = createHash('sha256').update(x509.raw).digest('hex');
  const arn = state.arns.build('cert', certificateId);
  if (state.certificates.has(certificateId)) {
    throw alreadyExists('The certificate is already registered.', certificateId, arn);
  }
  const now = state.now();
  const certificate: Certificate = {
    certificateId,
    arn,
    status: requireStatus(status),
    pem,
    mode: 'SNI_ONLY',
    notBeforeAt: Date.parse(x509.validFrom),
    notAfterAt: Date.parse(x509.validTo),
    createdAt: now,
    modifiedAt: now,
    customerVersion: 1,
  };
  state.certificates.set(certificateId, certificate);
  state.changed();
  return certificate;
}

function setStatus(state: IotState, certificateId: string, status: string): void {
  const before = findCertificate(state, certificateId);
  const next = requireStatus(status);
  // Idempotent; each call counts as a change, as the API reference names no exception for lastModifiedDate.
  if (before.status === 'REVOKED' && next !== 'REVOKED') {
    throw new IotServiceError('CertificateStateException', 'A revoked certificate stays revoked.');
  }
  state.certificates.set(before.certificateId, {
    ...before,
    status: next,
    modifiedAt: state.now(),
    customerVersion: before.customerVersion + 1,
  });
  state.changed();
}

function deleteCertificate(state: IotState, certificateId: string, force: boolean): void {
  const certificate = findCertificate(state, certificateId);
  if (certificate.status === 'ACTIVE') {
    throw new IotServiceError(
      'CertificateStateException',
      `Certificate must be deactivated (not ACTIVE) before deletion, certificateId: ${certificateId}`,
    );
  }
  const isHeld = [...state.principals.values()].some((held) => held.has(certificate.arn));
  const usedByThing = isHeld || state.detachments.holds(certificate.arn);
  const hasPolicies = (state.attachments.get(certificate.arn)?.size ?? 0) > 0;
  // forceDelete drops policies, never things (API reference).
  if (usedByThing || (hasPolicies && !force)) {
    const what = usedByThing ? 'Things' : 'Certificate policies';
    throw new IotServiceError(
      'DeleteConflictException',
      `${what} must be detached before deletion (arn: ${certificate.arn})`,
    );
  }
  for (const policyName of state.attachments.get(certificate.arn) ?? [])
    state.detachments.note(state.arns.build('policy', policyName));
  state.certificates.delete(certificate.certificateId);
  state.attachments.delete(certificate.arn);
  state.changed();
}

export function createCertificateStore(state: IotState): CertificateStore {
  return {
    // The model gives no default for `status`; the cautious one is that of RegisterCertificate.
    register: (pem, status = 'INACTIVE') => registerCertificate(state, pem, status),
    setStatus: (certificateId, status) => setStatus(state, certificateId, status),
    delete: (certificateId, force = false) => deleteCertificate(state, certificateId, force),
  };
}
