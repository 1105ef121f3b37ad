import { randomUUID } from 'node:crypto';
import type { ApiResponse } from '../../types';
import type { Broker } from './broker';
import { type DataOperation, type DataRequest, invalidRequest, toError, toJson } from './data-operation';
import type { DirectOutcome } from './direct-message';
import { readProperties } from './publish-request';
import { findPublishTopicFault, MAX_PAYLOAD_BYTES } from './topics';

const MAX_TIMEOUT_SECONDS = 60;
const DEFAULT_TIMEOUT_SECONDS = 10;

/** SendDirectMessage: rules don't see the message, and it is neither queued nor retained. */
export function directMessage(
  broker: Broker,
  clientId: string,
  { query, headers, body }: DataRequest,
): DataOperation {
  const topic = query.get('topic') ?? '';
  return {
    action: 'iot:SendDirectMessage',
    resource: `client/${clientId}`,
    conditionKeys: { 'iot:Topic': topic },
    async run() {
      const properties = readProperties(query, headers);
      const isConfirmed = query.get('confirmation') === 'true';
      const seconds = Number(query.get('timeout') ?? DEFAULT_TIMEOUT_SECONDS);
      const fault =
        (topic.startsWith('$') && 'the topic is reserved') ||
        findPublishTopicFault(topic) ||
        ('fault' in properties && properties.fault) ||
        (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) &&
          `timeout must be from 1 to ${MAX_TIMEOUT_SECONDS}`);
      if (fault || 'fault' in properties) return invalidRequest(fault || 'not readable');
      if (body.byteLength > MAX_PAYLOAD_BYTES)
        return toError('RequestEntityTooLargeException', 413, 'The payload exceeds the maximum size allowed');
      const message = { topic, payload: body, qos: isConfirmed ? 1 : 0, properties } as const;
      return toAnswer(await broker.sendDirect(clientId, message, isConfirmed ? seconds * 1000 : undefined));
    },
  };
}

function toAnswer(outcome: DirectOutcome): ApiResponse {
  switch (outcome) {
    case 'sent':
      return toJson({ message: 'OK', traceId: randomUUID() });
    case 'offline':
      return toError('ResourceNotFoundException', 404, 'The target client ID is not connected.');
    case 'not allowed to receive':
      return toError(
        'ForbiddenException',
        403,
        'The target client is not authorized to receive on this topic',
      );
    case 'not acknowledged':
      return toError('GatewayTimeoutException', 504, 'The delivery was not confirmed in time');
  }
}
