/**
 * The effect before or after which an invocation is killed, counted from 1. An invocation with fewer effects survives.
 */
export interface Kill {
  readonly killedAt: number;
  readonly isAfter: boolean;
}

/** Kills invocations at one of their effects. */
export function aKiller() {
  let effects = 0;
  let kill: Kill | undefined;
  let isKilled = false;
  return {
    begin(how?: Kill): void {
      effects = 0;
      kill = how;
      isKilled = false;
    },
    effect:
      <A extends readonly unknown[], T>(act: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        effects += 1;
        if (isKilled) throw new Error('killed');
        isKilled = effects === kill?.killedAt;
        if (isKilled && !kill?.isAfter) throw new Error('killed');
        const result = await act(...args);
        if (isKilled) throw new Error('killed');
        return result;
      },
  };
}

/** Counts datapoints in a row. */
export function aBehavior(
  over: {
    readonly name?: string;
    readonly metric?: string;
    readonly toAlarm?: number;
    readonly toClear?: number;
  } = {},
) {
  const { name = 'no-child-processes', metric = 'num_child_procs_myapp', toAlarm = 1, toClear = 1 } = over;
  return {
    ...{ name, metric },
    criteria: {
      comparisonOperator: 'less-than-equals' as const,
      value: { number: 0 },
      consecutiveDatapointsToAlarm: toAlarm,
      consecutiveDatapointsToClear: toClear,
    },
    suppressAlerts: false,
  };
}
