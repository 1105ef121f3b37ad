/** What the rules need of the function they run in. */

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Counts for CloudWatch; the unit is in the name (`...Ms`), else it is a count. */
export interface Metrics {
  count(name: string, value?: number): void;
  time(name: string, ms: number): void;
}

export type Clock = () => number;
