/** Registry ThingName, also of groups, profiles, metrics and behaviors: AWS IoT API, `[a-zA-Z0-9:_-]+`, 1 to 128. */
export const registryName = /^[a-zA-Z0-9:_-]{1,128}$/;

export function isRegistryName(text: unknown): text is string {
  return typeof text === 'string' && registryName.test(text);
}

/** Cuts hostile text to `max` characters, marking the cut. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
