import { boundNumber } from '../json';
import { clip, jsonBytes } from '../text';

/** The fields that findings of every source and kind have. */
export interface FindingEvent {
  /** The id that its source gave it. */
  readonly violationId: string;
  readonly thingName: string;
  /** When the event happened, epoch ms. */
  readonly occurredAt: number;
  /** The time that the sender stated, if it was in the future at the arrival. */
  readonly claimedAt?: number;
}

/** What an alert says about a behavior that is out of bounds. */
export interface BehaviorSubject {
  readonly kind?: undefined;
  readonly source?: undefined;
  readonly severity?: undefined;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metric: string;
  /** Absent on alarm-invalidated. */
  readonly value?: MetricValue;
  /** The behavior's criteria as of the alert, for people. */
  readonly criteria?: string;
  /** Who reported the datapoint; only Cordon's own detector knows. */
  readonly reporter?: Reporter;
  readonly evidence?: readonly Evidence[];
  /** There was more evidence than is kept. */
  readonly isPartial?: true;
  /** Exceptions of the agent's own configuration that further children were, in its words: they are not counted. */
  readonly uncounted?: readonly string[];
  /** For an ML behavior. */
  readonly confidence?: Confidence;
}

/** One behavior of one thing out of bounds, as an alert reported it. */
export interface Violation extends FindingEvent, BehaviorSubject {
  readonly eventType: ViolationEventType;
  readonly detector: 'cordon' | 'device-defender';
}

type Confidence = 'LOW' | 'MEDIUM' | 'HIGH';

export type ViolationEventType = 'in-alarm' | 'alarm-cleared' | 'alarm-invalidated';

/** One key of `count | number | numbers | strings | ports | cidrs`. */
export type MetricValue = Readonly<Record<string, number | readonly number[] | readonly string[]>>;

export interface Reporter {
  readonly clientId: string;
  /** Certificate id (IoT SQL `principal()`). */
  readonly principal: string;
}

/** A process as the agent saw it. All text is the device's word. */
export interface Evidence {
  readonly metric?: string | undefined;
  readonly pid?: number | undefined;
  readonly ppid?: number | undefined;
  readonly executable?: string | undefined;
  readonly commandLine?: string | undefined;
  /**
   * The number of arguments in `commandLine`. Present only if the agent has verified `executable`: the process runs the
   * file at that path, which is root's and writable by root only.
   */
  readonly argumentCount?: number | undefined;
  readonly user?: string | undefined;
  readonly startedAt?: number | undefined;
  readonly parents?: readonly string[] | undefined;
}

/** The limit of a device's words in a violation: far from the 400 KB of a case item and the 256 KB of a message. */
const maxEvidenceBytes = 8_000;

/** The first rows of evidence, as many as fit. */
function boundEvidence(rows: readonly Evidence[]): Evidence[] {
  let left = maxEvidenceBytes;
  return rows
    .slice(0, 10)
    .map(withPossibleStart)
    .filter((row) => {
      left -= jsonBytes(JSON.stringify(row));
      return left >= 0;
    });
}

/** The last time that can be written as a date (ECMAScript, "Time Values"). */
const lastDate = 8.64e15;

/** A device may state any number; one that can't be shown as a date is left out. */
function withPossibleStart({ startedAt, ...row }: Evidence): Evidence {
  return startedAt !== undefined && startedAt >= 0 && startedAt <= lastDate ? { ...row, startedAt } : row;
}

/** The evidence of an alert or a report that fits, and whether that is all. */
export function keepEvidence(rows: readonly Evidence[]): Pick<Violation, 'evidence' | 'isPartial'> {
  const evidence = boundEvidence(rows);
  return {
    ...(evidence.length > 0 && { evidence }),
    ...(evidence.length < rows.length && { isPartial: true }),
  };
}

const mostUncounted = 10;

export function boundUncounted(list: readonly string[]): string[] {
  return list.slice(0, mostUncounted).map((one) => clip(one, 300));
}

/** A metric's value within bounds: at most 20 list entries, of 100 characters each. */
export function boundValue(value: MetricValue): MetricValue {
  const bound = (entry: unknown) =>
    typeof entry === 'string' ? clip(entry, 100) : typeof entry === 'number' ? boundNumber(entry) : entry;
  const bounded = Object.entries(value).map(([key, item]) => [
    key,
    Array.isArray(item) ? item.slice(0, 20).map(bound) : bound(item),
  ]);
  return Object.fromEntries(bounded) as MetricValue;
}

/** Alerts correlate by profile and behavior first; whether a clear keeps the violation id is undocumented. */
export function behaviorKey(behavior: Pick<Violation, 'securityProfileName' | 'behaviorName'>): string {
  return `${behavior.securityProfileName}/${behavior.behaviorName}`;
}
