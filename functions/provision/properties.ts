import * as z from 'zod/mini';

export const groupArn = z
  .string()
  .check(z.regex(/^arn:[^:]+:iot:[^:]+:\d{12}:thinggroup\/[a-zA-Z0-9:_-]{1,128}$/));

/** Whether the stack may be deleted while things are contained; anything but a clear yes is no. */
export const whileContained = z.catch(z.enum(['yes', 'no']), 'no');
