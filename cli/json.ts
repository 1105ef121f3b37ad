/**
 * JSON for a terminal as well as a parser: JSON.stringify leaves DEL, the C1 controls (an 8-bit CSI among them), format
 * characters such as bidirectional overrides, and line separators as they are. Escaped, the value is the same.
 */
export function writeJson(value: unknown): string {
  return escapeJson(JSON.stringify(value, null, 2));
}

/** Writes on one line, for several answers one after another. */
export function writeJsonLine(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

function escapeJson(json: string): string {
  return json.replace(/[\x7f-\x9f\p{Cf}\u2028\u2029]/gu, escapeUnits);
}

function escapeUnits(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
