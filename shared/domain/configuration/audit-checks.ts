/** Checks of Device Defender Audit whose findings are about certificates, policies and client ids of things, the gravest first. */
export const auditChecks = [
  'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK',
  'INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK',
  'DEVICE_CERTIFICATE_SHARED_CHECK',
  'IOT_POLICY_OVERLY_PERMISSIVE_CHECK',
  'CONFLICTING_CLIENT_IDS_CHECK',
  'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
  'IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK',
  'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
  'DEVICE_CERTIFICATE_EXPIRING_CHECK',
  'DEVICE_CERTIFICATE_AGE_CHECK',
] as const;

export type AuditCheck = (typeof auditChecks)[number];

export function isAuditCheck(check: string): check is AuditCheck {
  return (auditChecks as readonly string[]).includes(check);
}
