/** What services say of resources of the stack that have no state of their own here: kind, then id, then the description. */
export interface Descriptions {
  put(kind: string, id: string, description: object): void;
  find(kind: string, id: string): object | undefined;
  list(kind: string): readonly object[];
  /** Whether there was one. */
  remove(kind: string, id: string): boolean;
}

export function createDescriptions(): Descriptions {
  const kinds = new Map<string, Map<string, object>>();
  return {
    put: (kind, id, description) => {
      const known = kinds.get(kind) ?? new Map<string, object>();
      kinds.set(kind, known.set(id, description));
    },
    find: (kind, id) => kinds.get(kind)?.get(id),
    list: (kind) => [...(kinds.get(kind)?.values() ?? [])],
    remove: (kind, id) => kinds.get(kind)?.delete(id) ?? false,
  };
}
