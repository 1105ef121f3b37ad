import type { RoleUseLine } from '../local/aws/gateway/role-use';

/** Rights to one action that no test on one machine can use, or calls that a test makes to see them refused. */
interface Exception {
  readonly roles: readonly string[];
  readonly actions: readonly string[];
  readonly reason: string;
}

export interface Exceptions {
  /** Granted, and never used here. */
  readonly unused: readonly Exception[];
  /** Refused on purpose. */
  readonly refused: readonly Exception[];
}

/**
 * Faults of the roles, one line each: an unused right, a refused call, and an exception that is not needed. A right is
 * one action on one resource pattern of a statement.
 */
export function judgeRoleUse(lines: readonly RoleUseLine[], exceptions: Exceptions): string[] {
  const of = (what: RoleUseLine['what']) => lines.filter((line) => line.what === what);
  const used = new Set(of('used').map(nameOf));
  const unused = unique(of('granted').filter((line) => !used.has(nameOf(line))));
  const refused = unique(of('refused'));
  return [
    ...unused
      .filter((line) => !covers(exceptions.unused, line))
      .map((line) => `${nameOf(line)}: granted, but nothing used it`),
    ...refused
      .filter((line) => !covers(exceptions.refused, line))
      .map((line) => `${nameOf(line)}: used, but not granted`),
    ...findStale(exceptions.unused, unused).map((name) => `${name}: excepted, but it is used or not granted`),
    ...findStale(exceptions.refused, refused).map((name) => `${name}: excepted, but it was not refused`),
  ];
}

function nameOf({ role, action, resource }: RoleUseLine): string {
  return `${role} ${action} on ${resource}`;
}

function unique(lines: readonly RoleUseLine[]): RoleUseLine[] {
  return [...new Map(lines.map((line) => [nameOf(line), line])).values()].sort((a, b) =>
    nameOf(a) < nameOf(b) ? -1 : 1,
  );
}

function covers(exceptions: readonly Exception[], { role, action }: RoleUseLine): boolean {
  return exceptions.some(({ roles, actions }) => roles.includes(role) && actions.includes(action));
}

function findStale(exceptions: readonly Exception[], found: readonly RoleUseLine[]): string[] {
  const names = new Set(found.map(({ role, action }) => `${role} ${action}`));
  return exceptions
    .flatMap(({ roles, actions }) => roles.flatMap((role) => actions.map((action) => `${role} ${action}`)))
    .filter((name) => !names.has(name));
}
