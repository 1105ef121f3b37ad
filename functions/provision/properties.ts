import * as z from 'zod/mini';

export const groupArn = z
  .string()
  .check(z.regex(/^arn:[^:]+:iot:[^:]+:\d{12}:thinggroup\/[a-zA-Z0-9:_-]{1,128}$/));

export const policyName = z.string().check(z.regex(/^[\w+=,.@-]{1,128}$/));

/** What whoever deletes the stack can do when it is refused. */
export function writeWayOut(stackId: string, letGoParameter: string): string {
  return `release, or store ${stackId} in the parameter ${letGoParameter}; then delete again`;
}
