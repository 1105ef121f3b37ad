import { isNotFound, orNothing } from '../../../shared/errors';

/** Error names of IAM, SNS and SQS; AWS IoT answers for a missing rule as for one that is not allowed. */
const goneNames = new Set([
  ...['NoSuchEntityException', 'NotFoundException', 'UnauthorizedException'],
  ...['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
]);

/** Nothing if the object does not exist, as each of these services reports it. */
export function orGone<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  return orNothing(
    read,
    (error) => isNotFound(error) || (error instanceof Error && goneNames.has(error.name)),
  );
}

/** The API of AWS IoT begins its names with a small letter, CloudFormation with a capital. */
export function capitalizeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalizeKeys);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.charAt(0).toUpperCase() + key.slice(1),
      capitalizeKeys(item),
    ]),
  );
}
