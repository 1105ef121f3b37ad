import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest, ApiResponse, AwsIdentity, IamRequest, LocalLog, ServiceHandler } from '../../types';
import { awsError, formatAwsError } from '../wire/aws-error';
import { findRefusal, type Registration } from './authorize';
import type { CallRecorder } from './call-recorder';
import type { FaultInjector } from './faults';

export interface DispatchContext {
  readonly identity: AwsIdentity;
  readonly services: Readonly<Record<string, ServiceHandler>>;
  readonly log: LocalLog;
  readonly calls: CallRecorder;
  readonly faults: FaultInjector;
  /** Ends injected delays when the gateway closes. */
  readonly signal: AbortSignal;
}

/** `drop`: the call was made, and its caller gets no answer. */
export type Answer = ApiResponse | 'drop';

/**
 * Answers one authenticated request: what it is, may it, a fault perhaps, then the service.
 * @param gone tells that the caller is there no more: what an injected delay holds back is not done then
 */
export async function dispatch(
  context: DispatchContext,
  registration: Registration,
  request: ApiRequest,
  gone?: AbortSignal,
): Promise<Answer> {
  const handler = Object.hasOwn(context.services, request.service)
    ? context.services[request.service]
    : undefined;
  const at = Date.now();
  const startedAt = performance.now();
  let iamRequest: IamRequest | undefined;
  try {
    iamRequest = handler?.identify(request);
  } catch (error) {
    return reportFailure(context, request, error);
  }
  if (!handler || !iamRequest) return refuseUnknown(context, request, handler);
  const answer = await answerKnown(context, registration, request, { handler, iamRequest, gone });
  context.calls.record({
    caller: nameOf(request),
    action: iamRequest.action,
    status: answer === 'drop' ? 0 : answer.status,
    at,
    durationMs: performance.now() - startedAt,
  });
  return answer;
}

async function answerKnown(
  context: DispatchContext,
  registration: Registration,
  request: ApiRequest,
  {
    handler,
    iamRequest,
    gone,
  }: {
    readonly handler: ServiceHandler;
    readonly iamRequest: IamRequest;
    readonly gone: AbortSignal | undefined;
  },
): Promise<Answer> {
  const { identity, log, faults, signal } = context;
  const { action } = iamRequest;
  const { functionName } = request.caller;
  const refusal = findRefusal(identity, registration, iamRequest);
  if (refusal) {
    const { resource, decision, message } = refusal;
    const fields = { function: functionName, action, resource, decision };
    log.warn(`refused by IAM: ${functionName} may not ${action} on ${resource}`, fields);
    return awsError(request, 'denied', message);
  }
  const fault = faults.draw({
    service: request.service,
    action,
    functionName,
    text: () => `${request.path}\n${request.body.toString('utf8')}`,
  });
  if (fault.latencyMs > 0)
    await delay(fault.latencyMs, undefined, { signal: gone ? AbortSignal.any([signal, gone]) : signal });
  if (fault.outcome === 'throttle') return awsError(request, 'throttled', 'Rate exceeded');
  if (fault.outcome === 'refuse')
    return formatAwsError(request, 400, fault.error ?? 'InvalidRequestException', 'An injected refusal');
  if (fault.outcome === 'error') return awsError(request, 'internal', 'An injected fault');
  try {
    const response = await handler.handle(request);
    return fault.outcome === 'drop-response' ? 'drop' : response;
  } catch (error) {
    return reportFailure(context, request, error);
  }
}

function reportFailure({ log }: DispatchContext, request: ApiRequest, error: unknown): ApiResponse {
  const { service, method, path } = request;
  log.warn('a service of the local stack failed', { service, method, path, error: String(error) });
  return awsError(request, 'internal', 'The local stack failed; .cordon/logs/local-stack.log says why');
}

function refuseUnknown(
  { log, calls }: DispatchContext,
  request: ApiRequest,
  handler: ServiceHandler | undefined,
): ApiResponse {
  const { service, method, path, body } = request;
  // A query-protocol service names the operation in the form, near its start.
  const action = /(?:^|&)Action=(\w{1,80})/.exec(body.toString('latin1', 0, 4096))?.[1];
  const operation =
    request.headers['x-amz-target'] ?? action ?? handler?.nameOperation?.(request) ?? `${method} ${path}`;
  const what = handler ? 'an operation' : 'a service';
  log.warn(`not emulated: ${nameOf(request)} called ${what} that the local stack does not have`, {
    service,
    operation,
    method,
    path,
  });
  const answer = awsError(
    request,
    'unknown-operation',
    `The local stack does not emulate ${operation}; docs/local-stack.md lists what it does`,
  );
  calls.record({
    caller: nameOf(request),
    action: `${service}:${operation}`,
    status: answer.status,
    at: Date.now(),
    durationMs: 0,
  });
  return answer;
}

function nameOf({ caller }: ApiRequest): string {
  return caller.functionName ?? 'operator';
}
