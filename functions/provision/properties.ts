import * as z from 'zod/mini';

export const groupArn = z
  .string()
  .check(z.regex(/^arn:[^:]+:iot:[^:]+:\d{12}:thinggroup\/[a-zA-Z0-9:_-]{1,128}$/));

export const policyName = z.string().check(z.regex(/^[\w+=,.@-]{1,128}$/));

/** Set if the account had the policy before the stack. The stack then detaches it from nothing. */
export const isPolicyAdopted = z.optional(z.literal('true'));

/** What an administrator can do after a refused deletion. */
export function writeWayOut(stackId: string, letGoParameter: string): string {
  return `release first, or store ${stackId} in the parameter ${letGoParameter} to abandon the containments; then delete the stack again`;
}
