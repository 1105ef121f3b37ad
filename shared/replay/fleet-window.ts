/** The sliding window of the fleet limit, as in the table. Time only rises here, so the oldest place expires first. */
export function createFleetWindow(limit: number, windowMs: number) {
  /** Thing -> when it took its place, oldest first. */
  const places = new Map<string, number>();
  return {
    /** Takes a place for a thing; false if all are taken. */
    reserve(thingName: string, now: number): boolean {
      for (const [held, since] of places) {
        if (now - since < windowMs) break;
        places.delete(held);
      }
      if (places.has(thingName)) return true;
      if (places.size >= limit) return false;
      places.set(thingName, now);
      return true;
    },
  };
}
