/** Checks of Device Defender Audit whose findings are about certificates, policies and client ids of things, the gravest first. */
export const auditChecks = [
  'DEVICE_CERTIFICATE_SHARED_CHECK',
  'IOT_POLICY_OVERLY_PERMISSIVE_CHECK',
  'CONFLICTING_CLIENT_IDS_CHECK',
  'REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK',
  'DEVICE_CERTIFICATE_KEY_QUALITY_CHECK',
  'DEVICE_CERTIFICATE_EXPIRING_CHECK',
] as const;

export type AuditCheck = (typeof auditChecks)[number];

export function isAuditCheck(check: string): check is AuditCheck {
  return (auditChecks as readonly string[]).includes(check);
}
