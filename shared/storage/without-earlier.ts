import type { ListedCase } from '../domain/lists/outline';

/** A case that changed its status between the reads of two is in both: the newer place is the present one. */
export function withoutEarlier(cases: readonly ListedCase[]): ListedCase[] {
  const newest = new Map<string, ListedCase>();
  for (const one of cases) {
    const key = `${one.thingName} ${one.caseId}`;
    const known = newest.get(key);
    if (!known || known.updatedAt <= one.updatedAt) newest.set(key, one);
  }
  return cases.length === newest.size ? [...cases] : [...newest.values()];
}
