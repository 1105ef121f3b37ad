/** So many invocations at once. */
export interface Permits {
  acquire(): Promise<void>;
  release(): void;
}

export function createPermits(count: number): Permits {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    acquire: async () => {
      free -= 1;
      if (free < 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    release: () => {
      free += 1;
      waiting.shift()?.();
    },
  };
}
