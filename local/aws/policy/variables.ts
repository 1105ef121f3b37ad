import { compileParts, type PatternPart, parsePattern, type TextTest } from './wildcard';

/** What condition keys and policy variables stand for in one request, by normalized key. */
export type PolicyContext = ReadonlyMap<string, string | readonly string[]>;

const variable = /\$\{([^}]*)\}/g;
/** `${*}`, `${?}` and `${$}` stand for the character itself (IAM user guide, policy variables). */
const escapes: readonly string[] = ['*', '?', '$'];

/** Form of a key under which a context holds it: the name of a key is not case-sensitive up to a `[`. */
export function normalizeKey(key: string): string {
  const bracket = key.indexOf('[');
  return bracket < 0 ? key.toLowerCase() : key.slice(0, bracket).toLowerCase() + key.slice(bracket);
}

/** The names of the variables in a text, without the escapes. */
export function listVariables(text: string): readonly string[] {
  const names = [...text.matchAll(variable)].map(([, name = '']) => name.trim());
  return names.filter((name) => !escapes.includes(name));
}

/** The variables in a text that have no value. */
export function listMissingVariables(text: string, context: PolicyContext): readonly string[] {
  return listVariables(text).filter((name) => findValue(name, context) === undefined);
}

/** A key with several values makes no variable. */
function findValue(name: string, context: PolicyContext): string | undefined {
  const value = escapes.includes(name) ? name : context.get(normalizeKey(name));
  return typeof value === 'string' ? value : undefined;
}

/**
 * Parses a pattern and fills in its variables; undefined if one has no value. A value is literal, so that a `*` in it
 * cannot widen the pattern. Without a context `${...}` is literal text.
 */
export function resolvePattern(
  pattern: string,
  context: PolicyContext | undefined,
): readonly PatternPart[] | undefined {
  if (!context || !pattern.includes('${')) return parsePattern(pattern);
  const parts: PatternPart[] = [];
  let end = 0;
  for (const match of pattern.matchAll(variable)) {
    const value = findValue((match[1] ?? '').trim(), context);
    if (value === undefined) return undefined;
    parts.push(...parsePattern(pattern.slice(end, match.index)), { literal: value });
    end = match.index + match[0].length;
  }
  return [...parts, ...parsePattern(pattern.slice(end))];
}

/** Makes the test for a pattern, which is undefined if a variable has no value. */
export function compilePattern(
  pattern: string,
  hasVariables: boolean,
): (context: PolicyContext) => TextTest | undefined {
  if (!hasVariables || !pattern.includes('${')) {
    const test = compileParts(parsePattern(pattern));
    return () => test;
  }
  return (context) => {
    const parts = resolvePattern(pattern, context);
    return parts && compileParts(parts);
  };
}
