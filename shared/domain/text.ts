/** Registry ThingName, also of groups, profiles, metrics and behaviors: AWS IoT API, `[a-zA-Z0-9:_-]+`, 1 to 128. */
export const registryName = /^[a-zA-Z0-9:_-]{1,128}$/;

export function isRegistryName(text: unknown): text is string {
  return typeof text === 'string' && registryName.test(text);
}

/**
 * The client id of the agent on a thing's device. The application has the thing's name, since AWS IoT ends the session of
 * one client when another connects under the same id.
 */
export function agentClientId(thingName: string): string {
  return `${thingName}-cordon`;
}

/** Bytes of text as JSON of a message, at the most: an escaped unit is six, and a character above U+FFFF has two. */
export function jsonBytes(text: string): number {
  let bytes = 2;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) bytes += 6;
    else if (code < 0x80) bytes += character === '"' || character === '\\' ? 2 : 1;
    else bytes += code < 0x800 ? 2 : code < 0x10000 ? 6 : 12;
  }
  return bytes;
}

/** Cuts hostile text to `max` characters, marking the cut. Half a character, as a cut may leave one, becomes U+FFFD. */
export function clip(text: string, max: number): string {
  return (text.length <= max ? text : `${text.slice(0, max - 1)}…`).toWellFormed();
}
