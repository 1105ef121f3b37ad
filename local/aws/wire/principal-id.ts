import { createHash } from 'node:crypto';

/**
 * The unique id that IAM gives a user or role, as SQS, STS and API Gateway name a caller: `AIDA...`, or `AROA...:SESSION`
 * (IAM user guide, "IAM identifiers").
 */
export function findPrincipalId(arn: string): string {
  const [kind = '', name = '', session = ''] = arn.slice(arn.lastIndexOf(':') + 1).split('/');
  if (kind === 'assumed-role') return `${nameRoleId(name)}:${session}`;
  return `AIDA${createHash('sha256').update(arn).digest('hex').toUpperCase().slice(0, 17)}`;
}

/** Each name of a role is unique, so its id is too. */
export function nameRoleId(roleName: string): string {
  return `AROA${roleName}`;
}
