const ANY_RUN = Symbol('*');
const ANY_ONE = Symbol('?');
type Token = string | typeof ANY_RUN | typeof ANY_ONE;

/** What policy variables stand for, by name; the name of a variable is not case-sensitive up to a `[`. */
export type PolicyContext = ReadonlyMap<string, string>;

const VARIABLE = /\$\{([^}]*)\}/g;
/** `${*}`, `${?}` and `${$}` stand for the character itself (IAM user guide, policy variables). */
const ESCAPES: readonly string[] = ['*', '?', '$'];

/** Form of a key under which a context holds it. */
export function normaliseKey(key: string): string {
  const bracket = key.indexOf('[');
  return bracket < 0 ? key.toLowerCase() : key.slice(0, bracket).toLowerCase() + key.slice(bracket);
}

function toTokens(text: string): Token[] {
  return [...text].map((char) => (char === '*' ? ANY_RUN : char === '?' ? ANY_ONE : char));
}

/** The text with its variables replaced, or undefined where one has no value; wildcards in a value stay literal. */
function tokenize(pattern: string, context: PolicyContext | undefined): Token[] | undefined {
  if (!context) return toTokens(pattern);
  const tokens: Token[] = [];
  let end = 0;
  for (const match of pattern.matchAll(VARIABLE)) {
    const name = match[1] ?? '';
    const value = ESCAPES.includes(name) ? name : context.get(normaliseKey(name.trim()));
    if (value === undefined) return undefined;
    tokens.push(...toTokens(pattern.slice(end, match.index)), ...value);
    end = match.index + match[0].length;
  }
  tokens.push(...toTokens(pattern.slice(end)));
  return tokens;
}

/** Wildcard match in time |tokens| x |text|: only the last `*` is ever retried, so no pattern makes it slow. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  const chars = [...text];
  let t = 0;
  let c = 0;
  let star = -1;
  let resume = 0;
  while (c < chars.length) {
    const token = tokens[t];
    if (token === ANY_RUN) {
      star = t;
      resume = c;
      t += 1;
    } else if (token !== undefined && (token === ANY_ONE || token === chars[c])) {
      t += 1;
      c += 1;
    } else if (star >= 0) {
      resume += 1;
      c = resume;
      t = star + 1;
    } else {
      return false;
    }
  }
  while (tokens[t] === ANY_RUN) t += 1;
  return t === tokens.length;
}

/**
 * Whether a pattern with `*` and `?` (both cross topic levels; MQTT's `+` and `#` are literal) matches the text;
 * undefined where a variable in it has no value. Without a context `${...}` is literal text.
 */
export function matchPattern(pattern: string, text: string, context?: PolicyContext): boolean | undefined {
  const tokens = tokenize(pattern, context);
  return tokens && matchTokens(tokens, text);
}

/** The text with its variables replaced, or undefined where one has no value. */
export function substituteVariables(text: string, context: PolicyContext | undefined): string | undefined {
  const tokens = tokenize(text, context);
  return tokens?.map((token) => (token === ANY_RUN ? '*' : token === ANY_ONE ? '?' : token)).join('');
}

/** The names of variables in the text that the context has no value for. */
export function listMissingVariables(text: string, context: PolicyContext): readonly string[] {
  const names = [...text.matchAll(VARIABLE)].map((match) => (match[1] ?? '').trim());
  return names.filter((name) => !ESCAPES.includes(name) && !context.has(normaliseKey(name)));
}
