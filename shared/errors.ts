/** Somebody else wrote the item between our read and our write. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';
  readonly key: string;

  constructor(key: string, cause?: unknown) {
    super('the item was changed by another writer', { cause });
    this.key = key;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'ResourceNotFoundException';
}

/** AWS refused for good: trying the same again can't help. By error name, since status codes differ by plane. */
const refusals = new Set([
  'InvalidRequestException',
  'ResourceNotFoundException',
  'UnauthorizedException',
  'AccessDeniedException',
  // How the data plane says it.
  'ForbiddenException',
  'LimitExceededException',
  'ConflictingResourceUpdateException',
  'VersionConflictException',
  'VersionsLimitExceededException',
  'DeleteConflictException',
  'MalformedPolicyException',
  'CertificateStateException',
]);

export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && refusals.has(error.name);
}
