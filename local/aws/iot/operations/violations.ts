import * as z from 'zod/mini';
import type { Violation, ViolationEvent } from '../defender-state';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import { verificationOf } from '../violations';
import {
  creationKey,
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  readRange,
  routesAt,
  toSeconds,
} from './route';

const VERIFICATION_STATES = ['FALSE_POSITIVE', 'BENIGN_POSITIVE', 'TRUE_POSITIVE', 'UNKNOWN'] as const;
const CRITERIA_TYPES = ['STATIC', 'STATISTICAL', 'MACHINE_LEARNING'] as const;
/** Violations are kept for 30 days (General Reference). */
const RETENTION_MS = 30 * 24 * 3600 * 1000;

const PutState = z.object({
  verificationState: z.enum(VERIFICATION_STATES),
  verificationStateDescription: z.exactOptional(z.string().check(z.maxLength(1000))),
});

function readChoice(call: IotCall, name: string, choices: readonly string[]): string | null {
  const value = call.query.get(name);
  if (value !== null && !choices.includes(value)) throw invalid(`Unknown ${name} ${value}.`);
  return value;
}

function criteriaTypeOf({ behavior }: Violation): string {
  const { criteria } = behavior as { criteria?: Readonly<Record<string, unknown>> };
  if (criteria?.mlDetectionConfig !== undefined) return 'MACHINE_LEARNING';
  return criteria?.statisticalThreshold === undefined ? 'STATIC' : 'STATISTICAL';
}

/**
 * The reference does not say what an absent flag means. Here, suppressed alerts are listed too, so that clients expect
 * them.
 */
function createFilter(registry: IotRegistry, call: IotCall): (violation: Violation) => boolean {
  const thingName = call.query.get('thingName');
  const profileName = call.query.get('securityProfileName');
  const criteriaType = readChoice(call, 'behaviorCriteriaType', CRITERIA_TYPES);
  const label = readChoice(call, 'verificationState', VERIFICATION_STATES);
  const withSuppressed = readFlag(call, 'listSuppressedAlerts', true);
  return (violation) =>
    (thingName === null || violation.thingName === thingName) &&
    (profileName === null || violation.securityProfileName === profileName) &&
    (criteriaType === null || criteriaTypeOf(violation) === criteriaType) &&
    (label === null || verificationOf(registry.state, violation.violationId).verificationState === label) &&
    (withSuppressed || violation.behavior.suppressAlerts !== true);
}

function describeCommon(registry: IotRegistry, violation: Violation) {
  const { violationId, thingName, securityProfileName, behavior } = violation;
  return {
    violationId,
    thingName,
    securityProfileName,
    behavior,
    ...verificationOf(registry.state, violationId),
  };
}

function listActiveViolations(registry: IotRegistry, call: IotCall) {
  const matches = createFilter(registry, call);
  const active = [...registry.state.violations.values()].filter(
    (violation) => violation.endedAt === undefined && matches(violation),
  );
  const page = paginate(call, 'token', active, ({ startedAt, violationId }) =>
    creationKey(startedAt, violationId),
  );
  return {
    activeViolations: page.items.map((violation) => ({
      ...describeCommon(registry, violation),
      lastViolationValue: violation.lastValue,
      lastViolationTime: toSeconds(violation.lastViolationAt),
      violationStartTime: toSeconds(violation.startedAt),
    })),
    ...page.next,
  };
}

function listViolationEvents(registry: IotRegistry, call: IotCall) {
  const { startAt, endAt } = readRange(call);
  const matches = createFilter(registry, call);
  const oldestAt = Math.max(startAt, registry.state.now() - RETENTION_MS);
  const events = registry.state.violationEvents.flatMap((event) => {
    const violation = registry.state.violations.get(event.violationId);
    const isInRange = event.occurredAt >= oldestAt && event.occurredAt <= endAt;
    return violation && isInRange && matches(violation) ? [{ event, violation }] : [];
  });
  const keyOf = ({ event }: { event: ViolationEvent }) =>
    creationKey(event.occurredAt, String(event.sequence).padStart(9, '0'));
  const page = paginate(call, 'token', events, keyOf);
  return {
    violationEvents: page.items.map(({ event, violation }) => ({
      ...describeCommon(registry, violation),
      metricValue: event.value,
      violationEventType: event.eventType,
      violationEventTime: toSeconds(event.occurredAt),
    })),
    ...page.next,
  };
}

function putVerificationState(registry: IotRegistry, call: IotCall): void {
  const violationId = readParam(call, 'violationId');
  const verification = readBody(PutState, call);
  registry.defender.verifyViolation(violationId, verification);
  const { verificationState } = verification;
  registry.state.log.info('violation labeled', { violationId, verificationState });
}

/** Security profiles are not evaluated here: a test sets the violations with `setViolation`. */
export function violationRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { build } = registry.state.arns;
  const ofFilters = (call: IotCall) => {
    const profile = call.query.get('securityProfileName');
    const thing = call.query.get('thingName');
    return [
      ...(profile === null ? [] : [build('securityprofile', profile)]),
      ...(thing === null ? [] : [build('thing', thing)]),
    ];
  };
  const state = routesAt('/violations/verification-state/{violationId}');
  return [
    routesAt('/active-violations', ofFilters)('ListActiveViolations', 'GET', (call) =>
      listActiveViolations(registry, call),
    ),
    routesAt('/violation-events', ofFilters)('ListViolationEvents', 'GET', (call) =>
      listViolationEvents(registry, call),
    ),
    state('PutVerificationStateOnViolation', 'POST', (call) => putVerificationState(registry, call)),
  ];
}
