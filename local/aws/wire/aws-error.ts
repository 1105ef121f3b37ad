import type { ApiRequest, ApiResponse } from '../../types';

/** The error forms of AWS: each kind gets the status, code and shape its service would give. */
export type AwsErrorKind =
  | 'missing-token'
  | 'unknown-key'
  | 'wrong-region'
  | 'denied'
  | 'unknown-operation'
  | 'throttled'
  | 'internal'
  | 'too-large';

type Protocol = 'json' | 'json-query' | 'query' | 'rest' | 'rest-xml';
type RequestShape = Pick<ApiRequest, 'service' | 'headers'>;
type Form = readonly [status: number, code: string];

const forms: Readonly<Record<AwsErrorKind, Readonly<Record<Protocol, Form>>>> = {
  'missing-token': every([403, 'MissingAuthenticationToken'], {
    json: [403, 'MissingAuthenticationTokenException'],
    rest: [403, 'MissingAuthenticationTokenException'],
  }),
  'unknown-key': every([403, 'InvalidClientTokenId'], {
    json: [400, 'UnrecognizedClientException'],
    rest: [403, 'UnrecognizedClientException'],
  }),
  'wrong-region': every([403, 'SignatureDoesNotMatch'], {
    json: [400, 'InvalidSignatureException'],
    rest: [403, 'InvalidSignatureException'],
  }),
  denied: every([403, 'AccessDenied'], {
    json: [400, 'AccessDeniedException'],
    rest: [403, 'AccessDeniedException'],
  }),
  'unknown-operation': every([400, 'InvalidAction'], {
    json: [400, 'UnknownOperationException'],
    rest: [404, 'UnknownOperationException'],
  }),
  throttled: every([400, 'ThrottlingException'], {
    'json-query': [400, 'RequestThrottled'],
    query: [400, 'Throttling'],
  }),
  internal: every([500, 'InternalFailure'], {
    json: [500, 'InternalServerError'],
    rest: [500, 'InternalFailureException'],
  }),
  'too-large': every([413, 'RequestEntityTooLarge'], { rest: [413, 'RequestEntityTooLargeException'] }),
};

/** Errors whose form differs from the rest of the protocol of their service. */
const exceptions: Readonly<Record<string, Form>> = {
  'sns denied': [403, 'AuthorizationError'],
  // SNS API reference, common to Publish: `Throttled`, 429.
  'sns throttled': [429, 'Throttled'],
  'iotdata denied': [403, 'ForbiddenException'],
  'iotdevicegateway denied': [403, 'ForbiddenException'],
  // The IoT data plane answers 429, the control plane 400.
  'iotdata throttled': [429, 'ThrottlingException'],
  'iotdevicegateway throttled': [429, 'ThrottlingException'],
  'iot-jobs-data throttled': [429, 'ThrottlingException'],
  'lambda throttled': [429, 'TooManyRequestsException'],
  'lambda internal': [500, 'ServiceException'],
};

const dynamodbDataAction = /(Get|Put|Update|Delete|Query|Scan|Write)(Item)?$/;

export function awsError(request: RequestShape, kind: AwsErrorKind, message: string): ApiResponse {
  const protocol = protocolOf(request);
  const [status, code] = exceptions[`${request.service} ${kind}`] ?? forms[kind][protocol];
  return formatAwsError(request, status, throttleCode(request, kind) ?? code, message);
}

/** One error with a given code in the form of the request's protocol. */
export function formatAwsError(
  request: RequestShape,
  status: number,
  code: string,
  message: string,
): ApiResponse {
  switch (protocolOf(request)) {
    case 'json':
      return json(status, {
        __type: `${shapeNamespace(request.service, code)}#${code}`,
        message,
        Message: message,
      });
    case 'json-query':
      return json(
        status,
        { __type: `com.amazonaws.sqs#${code}`, message },
        // awsQueryCompatible: SDKs take the code from here (Smithy, "AWS JSON with query compatibility").
        { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` },
      );
    case 'query':
      return {
        status,
        headers: { 'content-type': 'text/xml' },
        body: `<ErrorResponse><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></ErrorResponse>`,
      };
    case 'rest-xml':
      return {
        status,
        headers: { 'content-type': 'application/xml' },
        body: `<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`,
      };
    case 'rest':
      return json(status, { message, Message: message }, { 'x-amzn-errortype': code });
  }
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function protocolOf({ service, headers }: RequestShape): Protocol {
  if (service === 's3') return 'rest-xml';
  if (headers['x-amz-target'] !== undefined) return service === 'sqs' ? 'json-query' : 'json';
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return 'query';
  return service === 'sns' || service === 'sqs' || service === 'sts' ? 'query' : 'rest';
}

/** DynamoDB throttles calls on a table by another name than calls about tables. */
function throttleCode({ service, headers }: RequestShape, kind: AwsErrorKind): string | undefined {
  const onItems = dynamodbDataAction.test(headers['x-amz-target'] ?? '');
  if (service !== 'dynamodb' || kind !== 'throttled' || !onItems) return undefined;
  return 'ProvisionedThroughputExceededException';
}

function shapeNamespace(service: string, code: string): string {
  return service === 'dynamodb' && /^(ProvisionedThroughput|ResourceNotFound|InternalServer)/.test(code)
    ? 'com.amazonaws.dynamodb.v20120810'
    : 'com.amazon.coral.service';
}

function json(status: number, body: object, headers: Record<string, string> = {}): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
    body: JSON.stringify(body),
  };
}

function every(form: Form, others: Partial<Record<Protocol, Form>>): Record<Protocol, Form> {
  return { json: form, 'json-query': form, query: form, rest: form, 'rest-xml': form, ...others };
}
