const versionText = /^\d+(\.\d+){0,3}(?:[-+][0-9A-Za-z.-]+)?$/;

export function isVersion(text: string): boolean {
  return versionText.test(text);
}

/** Compares the numbers; an unreadable version may be any. */
export function isOlder(version: string, than: string): boolean {
  if (!isVersion(version)) return true;
  const numbers = (text: string) => (text.split(/[-+]/)[0] ?? '').split('.').map(Number);
  const [own, other] = [numbers(version), numbers(than)];
  for (let index = 0; index < 4; index += 1) {
    const difference = (own[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
