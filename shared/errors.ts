import { mendDamaged } from './domain/damaged-item';

/** Somebody else wrote the item between our read and our write. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';
  readonly key: string;

  constructor(key: string, cause?: unknown) {
    super('the item was changed by another writer', { cause });
    this.key = key;
  }
}

/** A newer version of Cordon wrote the item in a shape that this one can't read, and so must not write. */
export class NewerItemError extends Error {
  override readonly name = 'NewerItemError';

  constructor(key: string, found: unknown, known: number) {
    super(
      `${key} has schema ${found}, written by a newer Cordon; this one knows ${known}: deploy that version`,
    );
  }
}

/** Something other than Cordon changed an item, so that it can't be read. The message is for people. */
export class DamagedItemError extends Error {
  override readonly name = 'DamagedItemError';

  constructor(thingName: unknown, cause: Error) {
    super(
      `the item of the case of ${thingName} in the table is damaged (${cause.message}): ${mendDamaged.open}`,
      { cause },
    );
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.name === 'ResourceNotFoundException';
}

/** Undefined if the object does not exist. `isGone`: the errors that say so. */
export async function orNothing<T>(
  read: () => Promise<T | undefined>,
  isGone: (error: unknown) => boolean = isNotFound,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
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

/** A cursor that is not of the list it is given for. The message follows "the cursor". */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** DynamoDB takes minutes to build an index that a new version added to the table. The message is for people. */
export class IndexNotBuiltError extends Error {
  override readonly name = 'IndexNotBuiltError';

  constructor(cause: unknown) {
    super(
      'DynamoDB still builds the index of this list after the upgrade, which takes minutes: try again in a minute',
      { cause },
    );
  }
}
