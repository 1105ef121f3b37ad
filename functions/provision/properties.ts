import * as z from 'zod/mini';

export const groupArn = z
  .string()
  .check(z.regex(/^arn:[^:]+:iot:[^:]+:\d{12}:thinggroup\/[a-zA-Z0-9:_-]{1,128}$/));
