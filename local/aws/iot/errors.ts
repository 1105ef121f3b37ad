/** Status of each error by name, as the botocore model of `iot` 1.43 prints them; throttling is 400 here, not 429. */
const STATUS_BY_NAME = {
  CertificateStateException: 406,
  CertificateValidationException: 400,
  DeleteConflictException: 409,
  InvalidRequestException: 400,
  InvalidStateTransitionException: 409,
  LimitExceededException: 410,
  MalformedPolicyException: 400,
  ResourceAlreadyExistsException: 409,
  ResourceNotFoundException: 404,
  SqlParseException: 400,
  TaskAlreadyExistsException: 400,
  UnauthorizedException: 401,
  VersionConflictException: 409,
  VersionsLimitExceededException: 409,
} as const;

type IotErrorName = keyof typeof STATUS_BY_NAME;

/** An error that AWS IoT models: `x-amzn-ErrorType` has its name, and the body its fields beside `message`. */
export class IotServiceError extends Error {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;

  constructor(name: IotErrorName, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = name;
    this.status = STATUS_BY_NAME[name];
    this.fields = fields;
  }
}

export function invalid(message: string): IotServiceError {
  return new IotServiceError('InvalidRequestException', message);
}

export function notFound(message: string): IotServiceError {
  return new IotServiceError('ResourceNotFoundException', message);
}

export function alreadyExists(message: string, resourceId: string, resourceArn: string): IotServiceError {
  return new IotServiceError('ResourceAlreadyExistsException', message, { resourceId, resourceArn });
}
