import type { Caveat, MetricSample, MetricValue, ProcessState } from '../processes/metric-sample';
import { mostRows } from './report-lists';

/** The values of one metric since its last report. */
export interface Track {
  readonly process?: { readonly label: string; readonly state: ProcessState };
  readonly failure?: string;
  readonly caveats?: readonly Caveat[];
  readonly excepted?: readonly string[];
  readonly seen: Tracked;
}

type Tracked =
  | {
      readonly kind: 'count';
      /** The highest number in one sample. */
      readonly peak: number;
      /** The last sample. */
      readonly level: number;
      /** Since when the level is lower than the reported one. */
      readonly fallenAt: number | undefined;
      /** The last sample was incomplete, so zero is not a count. */
      readonly isUnsure?: true;
    }
  | {
      readonly kind: 'set';
      readonly type: 'string_list' | 'ip_list';
      readonly members: ReadonlySet<string>;
    }
  | { readonly kind: 'gauge'; readonly peak: number }
  | { readonly kind: 'share'; readonly first: Use; readonly last: Use }
  | { readonly kind: 'latest'; readonly value: MetricValue }
  | { readonly kind: 'nothing' };

interface Use {
  readonly used: number;
  readonly of: number;
}

export interface CountRules {
  readonly byException: boolean;
  /**
   * How long a count must stay lower before the agent reports it, so that an app that starts many short commands in a
   * row causes one report.
   */
  readonly fallHoldMs: number;
}

/** Limits the memory if a process contacts very many addresses, or keeps changing its name. */
const mostMembers = 1000;

/** Adds one look to what was seen before; `told` is the value of the last report, `fallenBefore` since when it was lower then. */
export function follow(
  before: Track | undefined,
  sample: MetricSample,
  told: MetricValue | undefined,
  now: number,
  fallenBefore?: number,
): Track {
  const { process, failure, caveats } = sample;
  const excepted = merge(before?.excepted, sample.excepted);
  return {
    ...(process && { process }),
    ...(failure !== undefined && { failure }),
    ...(caveats && { caveats }),
    ...(excepted && { excepted }),
    seen: followSeen(before?.seen, sample, told, now, fallenBefore),
  };
}

/** All of the interval. */
function merge(
  before: readonly string[] | undefined,
  next: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!before || !next) return before ?? next;
  return [...new Set([...before, ...next])];
}

function followSeen(
  before: Tracked | undefined,
  { seen }: MetricSample,
  told: MetricValue | undefined,
  now: number,
  fallenBefore: number | undefined,
): Tracked {
  switch (seen.kind) {
    case 'count': {
      const { level } = seen;
      const last = before?.kind === 'count' ? before : undefined;
      const fallenAt = level < numberOf(told) ? ((last ? last.fallenAt : fallenBefore) ?? now) : undefined;
      return { kind: 'count', level, peak: Math.max(level, last?.peak ?? 0), fallenAt };
    }
    case 'set': {
      const { type, members } = seen;
      const earlier = before?.kind === 'set' ? before.members : undefined;
      // Most samples have nothing new, so nothing is copied.
      if (earlier && members.every((member) => earlier.has(member)))
        return { kind: 'set', type, members: earlier };
      const all = [...new Set([...(earlier ?? []), ...members])];
      return { kind: 'set', type, members: new Set(all.slice(0, mostMembers)) };
    }
    case 'gauge':
      return { kind: 'gauge', peak: Math.max(seen.level, before?.kind === 'gauge' ? before.peak : 0) };
    case 'share': {
      const last = { used: seen.used, of: seen.of };
      return { kind: 'share', first: before?.kind === 'share' ? before.first : last, last };
    }
    case 'latest':
      return seen;
    case 'nothing':
      // A failed sample removes nothing.
      if (!before || before.kind === 'latest') return { kind: 'nothing' };
      if (before.kind !== 'count') return before;
      return before.peak > 0 ? { ...before, isUnsure: true } : { kind: 'nothing' };
  }
}

/** The part of a track that continues in the next window after a report: a report of a change alone ends no interval. */
export function carryOver({ seen, ...about }: Track, due: 'interval' | 'change'): Track | undefined {
  if (seen.kind === 'share') {
    return { ...about, seen: due === 'interval' ? { ...seen, first: seen.last } : seen };
  }
  return due === 'change' && (seen.kind === 'set' || seen.kind === 'gauge') ? { ...about, seen } : undefined;
}

/** The value to report now; undefined if there is no value, or if a report of a change leaves it out. */
export function valueToTell(
  track: Track,
  told: MetricValue | undefined,
  rules: CountRules,
  hasEvidence: boolean,
  due: 'interval' | 'change',
  now: number,
): MetricValue | undefined {
  const { seen, process } = track;
  const isRunning = process === undefined || process.state === 'running';
  switch (seen.kind) {
    case 'count': {
      const number = countToTell(seen, numberOf(told), rules, hasEvidence, isRunning, now);
      return number > 0 || (isRunning && !seen.isUnsure) ? { number } : undefined;
    }
    case 'set': {
      if (!isRunning && seen.members.size === 0) return undefined;
      // If a report has no room for all, the new ones have priority.
      const known = new Set(told === undefined ? [] : membersOf(told));
      const members = [...seen.members].sort(
        (a, b) => Number(known.has(a)) - Number(known.has(b)) || (a < b ? -1 : 1),
      );
      return seen.type === 'ip_list' ? { ip_list: members } : { string_list: members };
    }
    case 'gauge':
      return due === 'interval' && (isRunning || seen.peak > 0) ? { number: seen.peak } : undefined;
    case 'share': {
      const { first, last } = seen;
      const isIdle = !isRunning && last.used <= first.used;
      if (due === 'change' || last.of <= first.of || isIdle) return undefined;
      // The kernel may set a counter back (proc_stat(5)).
      const percent = (100 * Math.max(0, last.used - first.used)) / (last.of - first.of);
      return { number: Math.round(percent * 10) / 10 };
    }
    case 'latest':
      return seen.value;
    case 'nothing':
      return undefined;
  }
}

/** The peak while it is new; otherwise, by exception, the present value, so an alarm can clear. */
function countToTell(
  { peak, level, fallenAt }: Extract<Tracked, { kind: 'count' }>,
  told: number,
  { byException, fallHoldMs }: CountRules,
  hasEvidence: boolean,
  isRunning: boolean,
  now: number,
): number {
  if (hasEvidence || peak > told || !byException) return peak;
  const isHeld = isRunning && fallenAt !== undefined && now - fallenAt < fallHoldMs;
  return isHeld ? told : level;
}

/** True if more was seen than reported: more children, or a new name. */
export function rises({ seen }: Track, told: MetricValue | undefined): boolean {
  if (seen.kind === 'count') return seen.peak > numberOf(told);
  if (seen.kind !== 'set') return false;
  const known = new Set(told === undefined ? [] : membersOf(told));
  return [...seen.members].some((member) => !known.has(member));
}

/** True if a value must be reported at once. */
export function isNews(
  { seen }: Track,
  told: MetricValue | undefined,
  next: MetricValue | undefined,
): boolean {
  switch (seen.kind) {
    case 'gauge':
    case 'share':
      return false;
    case 'set': {
      const known = new Set(told === undefined ? [] : membersOf(told));
      return next !== undefined && membersOf(next).some((member) => !known.has(member));
    }
    default:
      return JSON.stringify(told) !== JSON.stringify(next);
  }
}

/** The items of a long list that this report or earlier ones had room for; the rest stays new. `reported`: the list in the report. */
export function toldOf(
  next: MetricValue | undefined,
  told: MetricValue | undefined,
  reported: MetricValue | undefined,
): MetricValue | undefined {
  const room = reported === undefined ? mostRows : membersOf(reported).length;
  if (next === undefined || membersOf(next).length <= room) return next;
  const known = new Set(told === undefined ? [] : membersOf(told));
  const members = membersOf(next).filter((member, index) => index < room || known.has(member));
  return 'ip_list' in next ? { ip_list: members } : { string_list: members };
}

function membersOf(value: MetricValue): readonly string[] {
  if ('string_list' in value) return value.string_list;
  return 'ip_list' in value ? value.ip_list : [];
}

function numberOf(value: MetricValue | undefined): number {
  return value !== undefined && 'number' in value ? value.number : 0;
}
