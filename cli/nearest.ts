/** The names that an unknown word may stand for: those that begin with it, else the one that differs least. */
export function findNearest(word: string, names: readonly string[]): readonly string[] {
  const begun = word.length > 1 ? names.filter((name) => name.startsWith(word)) : [];
  if (begun.length > 0) return begun.slice(0, 3);
  const ranked = names
    .map((name) => ({ name, distance: measureDistance(word, name) }))
    .filter(({ name, distance }) => distance <= Math.max(word.length, name.length) / 2.5)
    .toSorted((one, other) => one.distance - other.distance);
  return ranked.slice(0, 1).map(({ name }) => name);
}

/** `(Did you mean list?)`, as Commander writes it; empty if nothing is near. */
export function proposeNearest(word: string, names: readonly string[]): string {
  const near = findNearest(word, names);
  return near.length === 0 ? '' : `(Did you mean ${near.join(' or ')}?)`;
}

/** How many characters to insert, remove or replace (Levenshtein). Of long words, only the beginning counts. */
function measureDistance(from: string, to: string): number {
  const [one, other] = [from.slice(0, 200), to.slice(0, 200)];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, character] of [...one].entries()) {
    let last = index + 1;
    const next = [last];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (character === other[column - 1] ? 0 : 1);
      last = Math.min(replaced, last + 1, (row[column] ?? 0) + 1);
      next.push(last);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
