import { isObject } from '../json';
import { clip } from '../text';
import type { MetricValue } from './violation';

/** An agent's own report of how well it sees: hostile text, read within bounds. */
export interface AgentHealth {
  readonly version: string;
  /** How it finds children. */
  readonly mode?: string;
  /** Between two reports, and between two looks at the processes. */
  readonly intervalMs?: number;
  readonly sampleMs?: number;
  readonly restarts: number;
  /** Reports that waited for their delivery. */
  readonly spool: number;
  readonly degraded: readonly string[];
  readonly notes?: readonly string[];
}

const word = /^[a-z][a-z0-9-]{0,31}$/;
const versionText = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$/;
const mostReasons = 10;
const mostNotes = 5;
const dayMs = 86_400_000;

/** Malformed parts are left out, and never make a report invalid. */
export function readHealth(value: unknown): AgentHealth | undefined {
  if (!isObject(value)) return undefined;
  const { agent, mode, degraded, notes } = value;
  const intervalMs = readNumber(value.intervalMs, dayMs);
  const sampleMs = readNumber(value.sampleMs, dayMs);
  const told = listTexts(notes)
    .slice(0, mostNotes)
    .map((note) => clip(note, 200));
  return {
    version: typeof agent === 'string' && versionText.test(agent) ? agent : 'unknown',
    ...(typeof mode === 'string' && word.test(mode) && { mode }),
    ...(intervalMs !== undefined && intervalMs >= 1_000 && { intervalMs }),
    ...(sampleMs !== undefined && { sampleMs }),
    restarts: readNumber(value.restarts, 1_000_000) ?? 0,
    spool: readNumber(value.spool, 1_000_000) ?? 0,
    degraded: [...new Set(listTexts(degraded).filter((one) => word.test(one)))].slice(0, mostReasons).sort(),
    ...(told.length > 0 && { notes: told }),
  };
}

/** The metrics that a report has by its health. */
export function metricsOf({
  version,
  degraded,
  restarts,
  spool,
  sampleMs,
}: AgentHealth): Record<string, MetricValue> {
  return {
    'cordon:agent-version': { strings: [version] },
    'cordon:agent-degraded': { strings: degraded },
    'cordon:agent-restarts': { count: restarts },
    'cordon:spool-depth': { count: spool },
    ...(sampleMs !== undefined && { 'cordon:sample-interval': { count: sampleMs } }),
  };
}

/** Whether the health is the same except for small fluctuations, which must not cost a write for each report. */
export function isSameHealth(a: AgentHealth | undefined, b: AgentHealth | undefined): boolean {
  if (!a || !b) return a === b;
  return (
    a.version === b.version &&
    a.mode === b.mode &&
    a.intervalMs === b.intervalMs &&
    a.restarts === b.restarts &&
    sizeOf(a.spool) === sizeOf(b.spool) &&
    isNear(a.sampleMs, b.sampleMs) &&
    a.degraded.join() === b.degraded.join()
  );
}

/** None, some, many, ... */
function sizeOf(count: number): number {
  return String(count).length - (count === 0 ? 1 : 0);
}

function isNear(a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.max(a, b) <= 2 * Math.max(1, Math.min(a, b));
}

function readNumber(value: unknown, most: number): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? Math.min(Math.round(value), most)
    : undefined;
}

function listTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
