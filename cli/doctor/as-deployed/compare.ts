import { unknown } from './template';

/** Whether a value is as it was deployed. It ignores fields that were not deployed; the members of a list may be in any order. */
export function matches(deployed: unknown, actual: unknown): boolean {
  if (deployed === unknown) return true;
  if (Array.isArray(deployed)) {
    const members = [actual ?? []].flat();
    return members.length === deployed.length && pairUp(deployed, members, matches).missing.length === 0;
  }
  if (typeof deployed === 'object' && deployed !== null)
    return (
      typeof actual === 'object' &&
      actual !== null &&
      Object.entries(deployed).every(([key, value]) =>
        matches(value, (actual as Record<string, unknown>)[key]),
      )
    );
  // Numbers and truth values come as text from some services.
  return String(deployed) === String(actual);
}

/**
 * The statements that a policy document lacks compared with the deployed one, and those that it has in addition, in
 * words.
 */
export function comparePolicies(deployed: unknown, actual: unknown): string[] {
  const { missing, left } = pairUp(listStatements(deployed), listStatements(actual), isSameStatement);
  return [
    ...missing.map((statement) => `it lacks: ${describeStatement(statement)}`),
    ...left.map((statement) => `it has in addition: ${describeStatement(statement)}`),
  ];
}

export type Statement = Readonly<Record<string, unknown>>;

export function listStatements(document: unknown): Statement[] {
  const { Statement = [] } = (document ?? {}) as { Statement?: unknown };
  return [Statement].flat().filter((one): one is Statement => typeof one === 'object' && one !== null);
}

/** A condition that was added takes rights away, so nothing may be more or less. A `Sid` is only a name. */
function isSameStatement(deployed: Statement, actual: Statement): boolean {
  const keysOf = (statement: Statement) =>
    Object.keys(statement)
      .filter((key) => key !== 'Sid')
      .toSorted()
      .join();
  if (keysOf(deployed) !== keysOf(actual)) return false;
  return Object.entries(deployed).every(([key, value]) => key === 'Sid' || isSameValue(value, actual[key]));
}

/** In a policy, one value and a list of one are the same. */
function isSameValue(deployed: unknown, actual: unknown): boolean {
  if (deployed === unknown) return true;
  if (typeof deployed === 'object' && deployed !== null && !Array.isArray(deployed)) {
    if (typeof actual !== 'object' || actual === null) return false;
    const [keys, others] = [Object.keys(deployed), Object.keys(actual)];
    return (
      keys.length === others.length &&
      Object.entries(deployed).every(([key, value]) =>
        isSameValue(value, (actual as Record<string, unknown>)[key]),
      )
    );
  }
  return matches([deployed].flat(), [actual ?? []].flat());
}

export function describeStatement(statement: Statement): string {
  const { Effect, Principal, Action, NotAction, Resource, NotResource } = statement;
  const list = (value: unknown) =>
    [value ?? []]
      .flat()
      .map((one) => (one === unknown ? '…' : String(one)))
      .join(', ');
  const what = Action === undefined ? `all but ${list(NotAction)}` : list(Action);
  const where = Resource === undefined ? NotResource && `all but ${list(NotResource)}` : list(Resource);
  const who =
    typeof Principal === 'object' && Principal !== null ? Object.values(Principal).flat() : Principal;
  return `${Effect} ${what}${where ? ` on ${where}` : ''}${who ? ` for ${list(who)}` : ''}`;
}

/** Pairs the members of two lists; each is used once, and an unknown one takes what is left. */
function pairUp<T>(
  deployed: readonly T[],
  actual: readonly T[],
  isSame: (one: T, other: T) => boolean,
): { missing: T[]; left: T[] } {
  const left = [...actual];
  const known = deployed.filter((one) => one !== unknown);
  const missing = [...known, ...deployed.filter((one) => one === unknown)].filter((one) => {
    const index = left.findIndex((other) => isSame(one, other));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return { missing, left };
}
