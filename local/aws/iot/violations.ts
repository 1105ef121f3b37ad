import { randomBytes } from 'node:crypto';
import type { Verification, Violation, ViolationEvent, ViolationEventType } from './defender-state';
import { invalid } from './errors';
import { requireName } from './names';
import type { IotState } from './state';

type MetricValue = Readonly<Record<string, unknown>>;

/** Which alarm: one behavior of one thing. */
interface AlarmKey {
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
}

interface Happening extends AlarmKey {
  /** Epoch ms, not in the future; by default now. Lets an alarm be older than the stack. */
  readonly occurredAt?: number;
}

interface Alarm extends Happening {
  /** Made here if it is absent. */
  readonly violationId?: string;
  readonly value?: MetricValue;
}

export interface AlarmEnd extends Happening {
  readonly state: Exclude<ViolationEventType, 'in-alarm'>;
  /** The value that conforms; an invalidated alarm has none. */
  readonly value?: MetricValue;
}

/** The violations that Device Defender would have found. A test sets them, because nothing evaluates reports here. */
export interface ViolationStore {
  /** Raises an alarm, or moves the last violation of one that is already active, which is no new event. */
  setViolation(alarm: Alarm): Violation;
  clearViolation(end: AlarmEnd): Violation;
  /** Labels a violation; the API models no error for one that isn't there. */
  verifyViolation(violationId: string, verification: Verification): void;
}

/** Length only: the guide prints ids outside the model's pattern. */
const MAX_VIOLATION_ID = 128;
const UNKNOWN: Verification = { verificationState: 'UNKNOWN' };

export function verificationOf(state: IotState, violationId: string): Verification {
  return state.verifications.get(violationId) ?? UNKNOWN;
}

function checkViolationId(violationId: string): void {
  if (violationId === '' || violationId.length > MAX_VIOLATION_ID) {
    throw invalid(`violationId must have 1 to ${MAX_VIOLATION_ID} characters.`);
  }
}

function checkKey({ thingName, securityProfileName, behaviorName }: AlarmKey): void {
  // `DeviceDefenderThingName` has no pattern: devices that are not registered are monitored too.
  if (thingName === '' || thingName.length > 128) throw invalid('thingName must have 1 to 128 characters.');
  requireName('securityProfileName', securityProfileName);
  requireName('behaviorName', behaviorName);
}

function readOccurredAt(state: IotState, { occurredAt = state.now() }: Happening): number {
  if (Number.isSafeInteger(occurredAt) && occurredAt >= 0 && occurredAt <= state.now()) return occurredAt;
  throw invalid('occurredAt must be epoch milliseconds, not in the future.');
}

function findActive(state: IotState, key: AlarmKey): Violation | undefined {
  return [...state.violations.values()].find(
    (violation) =>
      violation.endedAt === undefined &&
      violation.thingName === key.thingName &&
      violation.securityProfileName === key.securityProfileName &&
      violation.behavior.name === key.behaviorName,
  );
}

/** The behavior of the profile, or only its name if the profile isn't deployed here. */
function findBehavior(state: IotState, { securityProfileName, behaviorName }: AlarmKey) {
  const behaviors = state.securityProfiles.get(securityProfileName)?.fields.behaviors;
  const found = (Array.isArray(behaviors) ? (behaviors as readonly Violation['behavior'][]) : []).find(
    ({ name }) => name === behaviorName,
  );
  return found ?? { name: behaviorName };
}

function save(
  state: IotState,
  violation: Violation,
  event?: Omit<ViolationEvent, 'sequence' | 'violationId'>,
): Violation {
  state.violations.set(violation.violationId, violation);
  if (event) {
    state.violationEvents.push({
      ...event,
      sequence: state.violationEvents.length,
      violationId: violation.violationId,
    });
  }
  state.changed();
  return violation;
}

function setViolation(state: IotState, { violationId, value, ...key }: Alarm): Violation {
  checkKey(key);
  const occurredAt = readOccurredAt(state, key);
  if (violationId !== undefined) checkViolationId(violationId);
  const lastValue = value === undefined ? {} : { lastValue: value };
  const active = findActive(state, key);
  if (active) {
    if (violationId !== undefined && violationId !== active.violationId) {
      throw invalid(`The alarm is already active as violation ${active.violationId}.`);
    }
    return save(state, {
      ...active,
      ...lastValue,
      lastViolationAt: Math.max(active.lastViolationAt, occurredAt),
    });
  }
  if (violationId !== undefined && state.violations.has(violationId)) {
    throw invalid(`Violation ${violationId} is another alarm or has ended.`);
  }
  const { thingName, securityProfileName } = key;
  const violation: Violation = {
    violationId: violationId ?? randomBytes(16).toString('hex'),
    thingName,
    securityProfileName,
    behavior: findBehavior(state, key),
    ...lastValue,
    lastViolationAt: occurredAt,
    startedAt: occurredAt,
  };
  return save(state, violation, {
    eventType: 'in-alarm',
    occurredAt,
    ...(value === undefined ? {} : { value }),
  });
}

export function createViolationStore(state: IotState): ViolationStore {
  return {
    setViolation: (alarm) => setViolation(state, alarm),
    clearViolation({ state: eventType, value, ...key }) {
      const active = findActive(state, key);
      if (!active) throw invalid('No such alarm is active.');
      const occurredAt = readOccurredAt(state, key);
      if (occurredAt < active.startedAt) throw invalid('The alarm ends before it began.');
      const hasValue = eventType === 'alarm-cleared' && value !== undefined;
      return save(
        state,
        { ...active, endedAt: occurredAt },
        { eventType, occurredAt, ...(hasValue ? { value } : {}) },
      );
    },
    verifyViolation(violationId, verification) {
      checkViolationId(violationId);
      state.verifications.set(violationId, verification);
      state.changed();
    },
  };
}
