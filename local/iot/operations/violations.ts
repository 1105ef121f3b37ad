import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import { type IotCall, type IotRoute, paginate, readBody, readParam, routesAt } from './route';

const VERIFICATION_STATES = ['FALSE_POSITIVE', 'BENIGN_POSITIVE', 'TRUE_POSITIVE', 'UNKNOWN'] as const;
/** Length only: the guide prints ids outside the model's pattern. */
const MAX_VIOLATION_ID = 128;

const PutState = z.object({
  verificationState: z.enum(VERIFICATION_STATES),
  verificationStateDescription: z.exactOptional(z.string().check(z.maxLength(1000))),
});

/** SDKs send ISO 8601 in a query; epoch seconds are accepted too. */
function readTime(call: IotCall, name: string): number {
  const text = call.query.get(name) ?? '';
  const at = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(at)) throw invalid(`${name} is required and must be a time.`);
  return at;
}

function listViolationEvents(call: IotCall) {
  if (readTime(call, 'startTime') > readTime(call, 'endTime')) throw invalid('startTime is after endTime.');
  return { violationEvents: paginate(call, 'token', [], String).items };
}

function putVerificationState(registry: IotRegistry, call: IotCall): void {
  const violationId = readParam(call, 'violationId');
  if (violationId.length > MAX_VIOLATION_ID) throw invalid('violationId is too long.');
  const { verificationState } = readBody(PutState, call);
  registry.state.log.info('violation labelled', { violationId, verificationState });
}

/** Security profiles are not evaluated here, so these lists are well-formed and empty. */
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
    routesAt('/active-violations', ofFilters)('ListActiveViolations', 'GET', (call) => ({
      activeViolations: paginate(call, 'token', [], String).items,
    })),
    routesAt('/violation-events', ofFilters)('ListViolationEvents', 'GET', listViolationEvents),
    state('PutVerificationStateOnViolation', 'POST', (call) => putVerificationState(registry, call)),
  ];
}
