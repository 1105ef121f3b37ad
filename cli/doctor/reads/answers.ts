import { isNotFound } from '../../../shared/errors';

/** Of IAM, SNS and SQS; AWS IoT answers for a missing rule as for one that is not allowed. */
const goneNames = new Set([
  ...['NoSuchEntityException', 'NotFoundException', 'UnauthorizedException'],
  ...['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'],
]);

/** Nothing for what is not there. */
export async function orNothing<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNotFound(error) || (error instanceof Error && goneNames.has(error.name))) return undefined;
    throw error;
  }
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
