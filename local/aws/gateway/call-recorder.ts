/** One call to the gateway; status 0 means that the response was dropped on purpose. */
interface RecordedCall {
  /** Function name, or `operator`. */
  readonly caller: string;
  readonly action: string;
  readonly status: number;
  readonly at: number;
  readonly durationMs: number;
}

interface CallCount {
  readonly caller: string;
  readonly action: string;
  readonly count: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

export interface CallRecorder {
  record(call: RecordedCall): void;
  /** The latest calls, oldest first; counts() also counts the earlier ones. */
  calls(): readonly RecordedCall[];
  counts(): CallCount[];
  reset(): void;
}

const keptCalls = 20_000;

export function createCallRecorder(): CallRecorder {
  let calls: RecordedCall[] = [];
  const counts = new Map<string, { caller: string; action: string; byStatus: Map<number, number> }>();
  return {
    record(call) {
      calls.push(call);
      if (calls.length > 2 * keptCalls) calls = calls.slice(-keptCalls);
      const key = `${call.caller} ${call.action}`;
      const entry = counts.get(key) ?? { caller: call.caller, action: call.action, byStatus: new Map() };
      entry.byStatus.set(call.status, (entry.byStatus.get(call.status) ?? 0) + 1);
      counts.set(key, entry);
    },
    calls: () => calls.slice(-keptCalls),
    counts: () =>
      [...counts.values()].map(({ caller, action, byStatus }) => ({
        caller,
        action,
        count: [...byStatus.values()].reduce((sum, count) => sum + count, 0),
        byStatus: Object.fromEntries(byStatus),
      })),
    reset() {
      calls = [];
      counts.clear();
    },
  };
}
