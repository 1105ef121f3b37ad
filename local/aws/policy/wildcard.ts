/** One piece of a pattern: text to match literally, or a wildcard of IAM. */
export type PatternPart = { readonly literal: string } | { readonly wildcard: '*' | '?' };

export type TextTest = (text: string) => boolean;

const anyRun = Symbol('*');
const anyOne = Symbol('?');

/**
 * Splits a pattern at `*` and `?`, the only wildcards of policies; everything else is literal, MQTT's `+` and `#` too. Both
 * cross `/` and `:`.
 */
export function parsePattern(pattern: string): PatternPart[] {
  return pattern
    .split(/([*?])/)
    .filter((piece) => piece !== '')
    .map((piece) => (piece === '*' || piece === '?' ? { wildcard: piece } : { literal: piece }));
}

/**
 * Makes the test for a pattern. It uses no regular expression, so that a hostile pattern cannot cost exponential time,
 * and is worth keeping: a pattern of a policy meets every call.
 */
export function compileParts(parts: readonly PatternPart[]): TextTest {
  const [first, second] = parts;
  if (parts.every((part) => 'literal' in part)) {
    const whole = parts.map(({ literal }) => literal).join('');
    return (text) => text === whole;
  }
  if (
    parts.length === 2 &&
    first &&
    'literal' in first &&
    second &&
    'wildcard' in second &&
    second.wildcard === '*'
  )
    return (text) => text.startsWith(first.literal);
  const units = parts.flatMap(toUnits);
  return (text) => matchesUnits(units, text);
}

function matchesUnits(units: readonly (string | symbol)[], text: string): boolean {
  const characters = [...text];
  let unit = 0;
  let position = 0;
  let starUnit = -1;
  let starPosition = 0;
  while (position < characters.length) {
    const current = units[unit];
    if (current === anyRun) {
      starUnit = unit++;
      starPosition = position;
    } else if (current === anyOne || (current !== undefined && current === characters[position])) {
      unit++;
      position++;
    } else if (starUnit >= 0) {
      unit = starUnit + 1;
      position = ++starPosition;
    } else {
      return false;
    }
  }
  return units.slice(unit).every((rest) => rest === anyRun);
}

function toUnits(part: PatternPart): (string | symbol)[] {
  if ('literal' in part) return [...part.literal];
  return [part.wildcard === '*' ? anyRun : anyOne];
}

export function matchesPattern(pattern: string, text: string): boolean {
  return compileParts(parsePattern(pattern))(text);
}
