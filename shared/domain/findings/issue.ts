import { isObject, listFields } from '../json';
import { clip } from '../text';

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The fault of a document by the schema of its source, for the reason why it is set aside. */
export function describeIssue(issue: Issue | undefined, document: unknown): string {
  const { path = [], message = 'can’t be read' } = issue ?? {};
  if (!isObject(document)) return listFields(document);
  const field = path.map(String).join('.') || 'message';
  const value = path.reduce<unknown>(
    (at, name) => (at == null ? undefined : (at as Record<PropertyKey, unknown>)[name]),
    document,
  );
  return clip(value == null ? `${field} is missing` : `${field}: ${message}`, 300);
}
