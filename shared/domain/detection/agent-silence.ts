import type { Criteria } from '../configuration';
import { type AgentHealth, isSameHealth } from '../findings/agent-health';

/** The state of the agent on a thing's device. Times are epoch ms. */
export interface AgentState {
  /** Time of the agent's last report, or of the one before it. */
  readonly heardAt: number;
  /** The certificate that reported, shortened. */
  readonly principal: string;
  /** Between two reports at the most: declared, or learned. */
  readonly intervalMs?: number;
  /** Gaps between reports, while the interval is being learned. */
  readonly gaps?: readonly number[];
  readonly health?: AgentHealth;
  /** When it was found silent. */
  readonly silentAt?: number;
  /** It fell silent with many others, and is announced with them. */
  readonly withMany?: true;
  /** When the registry, or whether the thing is held, is to be asked again. */
  readonly lookAt?: number;
}

interface Known {
  readonly agent?: AgentState;
  /** The end of the last containment. */
  readonly heldUntil?: number;
}

/** How long a report is awaited if the interval is unknown. */
const unknownMs = 8 * 3_600_000;
/** An agent is announced as silent after this many intervals. */
export const missed = 3;
const learnFrom = 3;
/** Reports closer together than this report a change, and do not show the interval. */
const shortestGapMs = 30_000;
const lookAgainMs = 6 * 3_600_000;
const heldLookMs = 900_000;

export function shortPrincipal(principal: string): string {
  return principal.slice(0, 16);
}

/**
 * Records a report of the thing's own agent. Returns the same object if nothing must be written: only every second
 * steady report is recorded, so that silence is announced within three intervals and most reports cost no write.
 */
export function noteAgentReport(
  before: AgentState | undefined,
  health: AgentHealth | undefined,
  principal: string,
  at: number,
): AgentState {
  if (before && at < before.heardAt) return before;
  if (before && isStillSilent(before, at)) return { ...before, heardAt: at };
  const gap = before ? at - before.heardAt : 0;
  const { gaps = [], intervalMs } = learn(before, health, gap);
  const isNews =
    !before ||
    before.principal !== shortPrincipal(principal) ||
    before.silentAt !== undefined ||
    before.intervalMs !== intervalMs ||
    gaps.length !== (before.gaps?.length ?? 0) ||
    !isSameHealth(before.health, health ?? before.health) ||
    gap >= 1.5 * (intervalMs ?? unknownMs);
  if (!isNews) return before;
  const kept = health ?? before?.health;
  return {
    ...{ heardAt: at, principal: shortPrincipal(principal) },
    ...(intervalMs !== undefined && { intervalMs }),
    ...(gaps.length > 0 && { gaps }),
    ...(kept && { health: kept }),
  };
}

/** The report was received before the silence was found, and processed after: others should have followed it by then. */
function isStillSilent(agent: AgentState, at: number): boolean {
  const { silentAt } = agent;
  return silentAt !== undefined && missedAt({ agent: { ...agent, heardAt: at } }, 1) <= silentAt;
}

/** The longest of the first gaps; later a new one, once two gaps in a row have its length. */
function learn(
  before: AgentState | undefined,
  health: AgentHealth | undefined,
  gap: number,
): Pick<AgentState, 'intervalMs' | 'gaps'> {
  const declared = health?.intervalMs;
  if (declared !== undefined) return { intervalMs: declared };
  const { gaps = [], intervalMs } = before ?? {};
  if (!before || gap < shortestGapMs) return { ...before };
  if (intervalMs === undefined) {
    const next = [...gaps, gap];
    return next.length < learnFrom ? { gaps: next } : { intervalMs: Math.max(...next) };
  }
  if (gap <= 2.5 * intervalMs) return { intervalMs };
  const [last] = gaps;
  return last === undefined ? { intervalMs, gaps: [gap] } : { intervalMs: Math.min(last, gap) };
}

/** Since when reports are missed: a containment may have kept them from coming. */
function baseOf({ agent, heldUntil = 0 }: Known): number {
  return Math.max(agent?.heardAt ?? 0, heldUntil);
}

/** How late a report may be. */
function slackOf(intervalMs: number): number {
  return Math.min(30_000, intervalMs / 10);
}

/** When a thing has missed so many reports. */
function missedAt(known: Known, count: number): number {
  const { intervalMs = unknownMs } = known.agent ?? {};
  return baseOf(known) + count * intervalMs + slackOf(intervalMs);
}

/** Reports missed by now. */
export function countMissed(known: Known, now: number): number {
  const { intervalMs = unknownMs } = known.agent ?? {};
  return Math.max(0, Math.floor((now - baseOf(known) - slackOf(intervalMs)) / intervalMs));
}

/** Whether a thing must be announced as silent now, or checked again. */
export function isSilenceDue(known: Known, bounds: readonly number[], now: number): boolean {
  return silenceDue(known, bounds, Number.NEGATIVE_INFINITY) <= now;
}

/** When the passing of time may change an agent's state. `bounds`: the numbers of missed reports that behaviors use. */
export function silenceDue(known: Known, bounds: readonly number[], now: number): number {
  const { agent } = known;
  if (!agent) return Number.POSITIVE_INFINITY;
  const { silentAt, withMany, lookAt } = agent;
  if (silentAt === undefined) return Math.max(lookAt ?? 0, missedAt(known, missed));
  const later = withMany
    ? []
    : bounds.map((count) => missedAt(known, count)).filter((due) => due > Math.max(now, lookAt ?? 0));
  return Math.min((lookAt ?? silentAt) + lookAgainMs, ...later);
}

/** The count of missed reports from which on a behavior is violated; undefined if it bounds something else. */
export function boundOf({ comparisonOperator, value }: Criteria): number | undefined {
  const count = value?.count;
  if (count === undefined) return undefined;
  if (comparisonOperator === 'less-than') return Math.max(1, Math.ceil(count));
  return comparisonOperator === 'less-than-equals' ? Math.floor(count) + 1 : undefined;
}

/** Facts about a thing that misses reports. */
export interface Silence {
  readonly registered: boolean;
  /** A containment prevents its reports. */
  readonly held: boolean;
  /** Many fell silent with it. */
  readonly withMany: boolean;
}

/** The agent's new entry; undefined if the thing is retired. */
export function fallSilent(known: Known, found: Silence, now: number): AgentState | undefined {
  const { agent } = known;
  if (!agent || !found.registered) return undefined;
  if (found.held) return { ...agent, lookAt: now + heldLookMs };
  if (agent.silentAt !== undefined) return { ...agent, lookAt: now };
  if (countMissed(known, now) < missed) return { ...agent };
  const { lookAt: _, ...rest } = agent;
  return { ...rest, silentAt: now, ...(found.withMany && { withMany: true }) };
}
