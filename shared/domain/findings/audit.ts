import type { AuditCheck } from '../configuration/audit-checks';
import type { Severity } from '../severity';
import type { AuditFinding } from './finding';

/** A resource that does not comply, as the API returns it. */
export interface AuditedResource {
  readonly findingId: string;
  readonly reason: string;
  readonly severity: Severity;
  readonly certificateId?: string | undefined;
  readonly caCertificateId?: string | undefined;
  readonly policyName?: string | undefined;
  readonly clientId?: string | undefined;
  /** The certificates of resources that it also names: those that use a client id. */
  readonly relatedCertificates: readonly string[];
}

/** The finding of a check about a resource, with its things. */
export interface Found extends Pick<AuditedResource, 'findingId' | 'reason' | 'severity'> {
  readonly resource: string;
  readonly things: readonly string[];
}

/** The last result of a check. */
export interface AuditState {
  /** The start of its audit, epoch ms. */
  readonly startedAt: number;
  readonly found: readonly Found[];
}

/** The most things of an audit, so that its record fits into an item of the table. */
export const mostThings = 600;

/** An audit's findings of one check, compared with those before. */
export interface Outcome {
  readonly check: AuditCheck;
  readonly startedAt: number;
  readonly found: readonly Found[];
  /** Resources whose things are not all known. */
  readonly partial: ReadonlySet<string>;
  /** All findings were read, so resources without a finding comply now. */
  readonly isComplete: boolean;
}

/** The events of an audit, and the record to keep of it. Only a complete list clears what it no longer contains. */
export function compareAudits(
  before: AuditState | undefined,
  { check, startedAt, found, partial, isComplete }: Outcome,
): { readonly findings: readonly AuditFinding[]; readonly next: AuditState } {
  const now = new Map(found.map((one) => [one.resource, one]));
  const left = (before?.found ?? []).flatMap((one) => {
    const known = now.get(one.resource)?.things ?? [];
    const things = one.things.filter((thing) => !known.includes(thing));
    return things.length > 0 ? [{ ...one, things }] : [];
  });
  const kept = left.filter(({ resource }) => !isComplete || partial.has(resource));
  const cleared = left.filter((one) => !kept.includes(one));
  const event = (eventType: AuditFinding['eventType']) => (one: Found) =>
    one.things.map((thingName): AuditFinding => {
      const { findingId: violationId, resource, reason, severity } = one;
      const event = { violationId, thingName, eventType, occurredAt: startedAt, detector: 'audit' as const };
      return { ...event, kind: 'audit', check, resource, reason, severity };
    });
  return {
    findings: [...found.flatMap(event('in-alarm')), ...cleared.flatMap(event('alarm-cleared'))],
    next: { startedAt, found: boundThings([...found, ...kept]) },
  };
}

/** The newest first. Only an operator can end findings that are no longer remembered. */
function boundThings(found: readonly Found[]): Found[] {
  let left = 2 * mostThings;
  return found.filter(({ things }) => {
    left -= things.length;
    return left >= 0;
  });
}
