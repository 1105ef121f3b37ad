import { matchesWildcard } from '../domain/wildcard';
import { isSameDocument } from './policy-text';

/**
 * What a policy lacks of a deny policy, by its text. An explicit deny wins, so the policy's other statements don't
 * matter.
 */

interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

/** Whether a document denies at least what the deny policy denies. */
export function deniesAsMuch(document: string, denyPolicy: string): boolean {
  if (isSameDocument(document, denyPolicy)) return true;
  const wanted = readDenials(denyPolicy);
  return wanted.length > 0 && findUndenied(document, wanted).length === 0;
}

/** The wanted statements that a document does not deny, with the actions that are missing. */
export function findUndenied(document: string, wanted: readonly object[]): readonly object[] {
  const denials = readDenials(document);
  return wanted.flatMap((one: Statement) => {
    const actions = readTexts(one.Action);
    const missing = actions.filter((action) => !denials.some((has) => denies(has, action, one)));
    return missing.length > 0 || actions.length === 0 ? [{ ...one, Action: missing }] : [];
  });
}

/** Whether a document allows something. */
export function allowsAnything(document: string): boolean {
  return readStatements(document).some(({ Effect }) => Effect === 'Allow');
}

/** The resources on which a document denies the action, judged by its text. */
export function listDenied(document: string, action: string, resources: readonly string[]): string[] {
  const denials = readDenials(document).filter((has) => isNone(has.Condition) && coversAction(has, action));
  return resources.filter((resource) =>
    denials.some(({ Resource, NotResource }) => {
      const isNamed = readTexts(NotResource ?? Resource).some((pattern) => includes(pattern, resource));
      return NotResource === undefined ? isNamed : !isNamed;
    }),
  );
}

function readDenials(document: string): Statement[] {
  return readStatements(document).filter(({ Effect }) => Effect === 'Deny');
}

function readStatements(document: string): Statement[] {
  try {
    const { Statement } = JSON.parse(document) as { readonly Statement?: unknown };
    return [Statement ?? []].flat().filter((one) => typeof one === 'object' && one !== null);
  } catch {
    return [];
  }
}

function denies(has: Statement, action: string, wanted: Statement): boolean {
  return coversAction(has, action) && isAsWide(has, wanted) && appliesAsOften(has, wanted);
}

function coversAction({ Action }: Statement, action: string): boolean {
  return readTexts(Action).some((pattern) => includes(pattern.toLowerCase(), action.toLowerCase()));
}

function isAsWide(has: Statement, wanted: Statement): boolean {
  const resources = readTexts(has.Resource);
  if (resources.includes('*')) return true;
  if (has.NotResource === undefined)
    return (
      wanted.NotResource === undefined &&
      readTexts(wanted.Resource).every((one) => resources.some((pattern) => includes(pattern, one)))
    );
  const kept = readTexts(has.NotResource);
  const mayKeep = readTexts(wanted.NotResource);
  if (wanted.NotResource === undefined) return false;
  // AWS may ignore a Deny whose variable has no value (docs/facts.md#policies), so such a statement does not replace
  // one without variables.
  if (kept.some(hasVariable) && !mayKeep.some(hasVariable)) return false;
  return kept.every((one) => mayKeep.some((pattern) => includes(pattern, one)));
}

function appliesAsOften({ Condition: has }: Statement, { Condition: wanted }: Statement): boolean {
  return isNone(has) || canonical(has) === canonical(wanted);
}

function isNone(condition: unknown): boolean {
  return condition === undefined || canonical(condition) === '{}';
}

function hasVariable(pattern: string): boolean {
  return pattern.includes('${');
}

/** Whether `wider` matches everything that `pattern` matches. The wildcards of `pattern` are matched as text. */
function includes(wider: string, pattern: string): boolean {
  if (wider === pattern) return true;
  // A `?` is one character, and `*` of the other may be several.
  return !(wider.includes('?') && pattern.includes('*')) && matchesWildcard(wider, pattern);
}

function readTexts(value: unknown): string[] {
  return [value ?? []].flat().filter((one) => typeof one === 'string');
}

/** The same for lists in another order, and for a list of one and its only item. */
function canonical(value: unknown): string {
  if (Array.isArray(value))
    return value.length === 1 ? canonical(value[0]) : `[${value.map(canonical).toSorted().join()}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}:${canonical(item)}`)
      .toSorted()
      .join()}}`;
  return JSON.stringify(value) ?? 'null';
}
