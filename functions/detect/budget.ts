import { violates } from '../../shared/domain/detection/criteria';
import type { Flood } from '../../shared/domain/detection/floods';
import type { Profiles } from '../../shared/domain/detection/state';
import type { ReadReport } from '../../shared/domain/findings/report';
import { behaviorKey } from '../../shared/domain/findings/violation';
import { ownField } from '../../shared/domain/json';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import { nameCertificate, type ReceivedEvent, type ReceivedReport } from './receive';

/**
 * The reports of one certificate that one instance of the function handles in a burst, and per second afterwards: an agent
 * reports each change and every five minutes, and a gateway may report for a thousand things.
 */
export const burst = 100;
export const perSecond = 5;
/** The sender gets one reply, and the log one line, in this time. */
const rejectAgainMs = 10_000;
/** The number of senders remembered; a forgotten one starts with a full budget. */
const maxSenders = 5_000;

interface Bucket {
  left: number;
  at: number;
}

interface BudgetPorts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly noteFlood: (flood: Flood) => void;
}

/**
 * Decides from a message alone, before any read or call, whether the message is handled: a flood from one certificate
 * must not delay the others' reports. The budget belongs to the certificate, not to the thing, so that no sender uses up
 * another's reports. A report out of bounds has a separate budget for each behavior, so that a flood of harmless reports
 * cannot hide it. A report over the budget changes nothing, and its sender gets a rejection from time to time.
 */
export function createBudget({ log, metrics, clock, noteFlood }: BudgetPorts, profiles: Profiles) {
  const buckets = new Map<string, Bucket>();
  const toldAt = new Map<string, number>();

  function take(name: string): boolean {
    const at = clock();
    const { left, at: since } = buckets.get(name) ?? { left: burst, at };
    const filled = Math.min(burst, left + (Math.max(0, at - since) * perSecond) / 1_000);
    remember(buckets, name, { left: filled < 1 ? filled : filled - 1, at });
    return filled >= 1;
  }

  /** Whether its sender gets a rejection: only the first message in a while does. */
  function setAside(flood: Flood): boolean {
    metrics.count('ReportSetAside');
    const at = clock();
    if (at - (toldAt.get(flood.sender) ?? Number.NEGATIVE_INFINITY) < rejectAgainMs) return false;
    remember(toldAt, flood.sender, at);
    noteFlood(flood);
    log.warn('reports set aside: their sender sends too many', { ...flood });
    return true;
  }

  return {
    /** An unreadable message, which is kept for people. */
    admitsUnreadable(flood: Flood): boolean {
      if (take(flood.sender)) return true;
      setAside(flood);
      return false;
    },

    admit<T extends ReceivedReport | ReceivedEvent>(item: T): (T | ReceivedReport)[] {
      if (item.kind !== 'report') return [item];
      const { thingName, envelope } = item;
      const { principal, clientId } = envelope;
      const sender = nameCertificate(principal, clientId);
      if (take(sender) || listViolated(item, profiles).some((key) => take(`${sender} ${key}`))) return [item];
      return setAside({ sender, thingName, clientId }) ? [{ ...item, read: refuse(item.read) }] : [];
    },
  };
}

function refuse(read: ReadReport): ReadReport {
  const reportId = read.kind === 'report' ? read.report.reportId : read.reportId;
  return {
    kind: 'rejected',
    errorCode: 'Throttled',
    reason: `more than ${burst} reports at once and ${perSecond} a second`,
    ...(reportId !== undefined && { reportId }),
  };
}

/** Behaviors that the report alone violates, without earlier reports. */
function listViolated({ read }: ReceivedReport, profiles: Profiles): string[] {
  if (read.kind !== 'report') return [];
  const { metrics } = read.report;
  return profiles.flatMap(([securityProfileName, { behaviors }]) =>
    behaviors.flatMap(({ name, metric, criteria }) => {
      const value = ownField(metrics, metric);
      const isViolated = value !== undefined && violates(value, criteria) === true;
      return isViolated ? [behaviorKey({ securityProfileName, behaviorName: name })] : [];
    }),
  );
}

/** The newest stays longest. */
export function remember<V>(map: Map<string, V>, name: string, value: V): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > maxSenders && oldest !== undefined) map.delete(oldest);
}
