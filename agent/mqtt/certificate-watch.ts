import type { Log } from '../log';

const dayMs = 86_400_000;
const warnDaysAhead = [30, 14, 7, 3, 1] as const;

/** Warns before the certificate expires, and each day after it has; again if the clock was set back meanwhile. */
export interface CertificateWatch {
  /** The certificate in use, which may be a new one. */
  note(expiresAt: number): void;
  look(now: number): void;
}

export function watchCertificate(log: Log): CertificateWatch {
  let expiresAt = Number.POSITIVE_INFINITY;
  /** The days left in the last warning; negative after the expiry. */
  let toldDays: number | undefined;
  return {
    note: (at) => {
      if (at !== expiresAt) toldDays = undefined;
      expiresAt = at;
    },
    look: (now) => {
      const daysLeft = (expiresAt - now) / dayMs;
      const stage = daysLeft < 0 ? Math.floor(daysLeft) : warnDaysAhead.findLast((days) => daysLeft <= days);
      if (stage === toldDays) return;
      toldDays = stage;
      if (stage === undefined) return;
      const at = new Date(expiresAt).toISOString();
      if (daysLeft < 0) log('error', 'certificate-expired', { expiredAt: at });
      else log('warn', 'certificate-expires', { expiresAt: at, daysLeft: Math.floor(daysLeft) });
    },
  };
}
