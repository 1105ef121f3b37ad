/** Slack, "Rate limits": about one message a second per channel; chat.update is of tier 3, some 50 calls a minute. */
const postEveryMs = 1_000;
const updatesPerMinute = 50;

/** Slack's rate limits. Each call returns the seconds to wait, as in Retry-After; 0 if Slack accepts the call. */
export function createSlackPace(now: () => number) {
  let keeps = false;
  const postedAt = new Map<string, number>();
  let updatedAt: number[] = [];
  return {
    keep(on: boolean): void {
      keeps = on;
    },

    post(channel: string): number {
      const leftMs = keeps ? (postedAt.get(channel) ?? -Infinity) + postEveryMs - now() : 0;
      if (leftMs > 0) return Math.ceil(leftMs / 1_000);
      postedAt.set(channel, now());
      return 0;
    },

    update(): number {
      updatedAt = updatedAt.filter((at) => now() - at < 60_000);
      const [first = 0] = updatedAt;
      if (keeps && updatedAt.length >= updatesPerMinute) return Math.ceil((first + 60_000 - now()) / 1_000);
      updatedAt.push(now());
      return 0;
    },
  };
}
