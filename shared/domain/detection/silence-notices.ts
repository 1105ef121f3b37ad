/** Announcements to operations about silent agents. Times are epoch ms. */
export interface FleetSilence {
  /** Times of the announcements in the last ten minutes. */
  readonly toldAt: readonly number[];
  /** Agents that fell silent in the last ten minutes, by the run that found them. */
  readonly fell: readonly (readonly [at: number, count: number])[];
  /** Silent agents that are not announced yet. */
  readonly untold: number;
  readonly untoldSince?: number;
  readonly names: readonly string[];
  /** At least as many as were silent at the last announcement. */
  readonly peak: number;
}

export interface Fallen {
  readonly thingName: string;
  /** The time of its last report. */
  readonly heardAt: number;
}

const windowMs = 600_000;
/** Up to this number, each is announced alone. More suggest a problem of a network, a region, or AWS. */
export const most = 10;
const mostNames = 5;
/** Messages within the window. */
const mostMessages = 3;

export const noSilence: FleetSilence = { toldAt: [], fell: [], untold: 0, names: [], peak: 0 };

export function countFallen({ fell }: FleetSilence, now: number): number {
  return fell.reduce((sum, [at, count]) => sum + (now - at < windowMs ? count : 0), 0);
}

/** True if something is left to announce, even without a newly silent agent. */
export function isQuiet({ untold, peak, fell, toldAt }: FleetSilence): boolean {
  return untold + peak + fell.length + toldAt.length === 0;
}

/**
 * Decides what to announce after a run that found newly silent agents; `silent` agents are silent in total. A run
 * causes one message, and if the agents are many, at most one in ten minutes. The same applies when they return.
 */
export function followSilence(
  before: FleetSilence,
  fallen: readonly Fallen[],
  silent: readonly string[],
  now: number,
): { readonly next: FleetSilence; readonly text?: string } {
  const toldAt = before.toldAt.filter((at) => now - at < windowMs);
  const recent = before.fell.filter(([at]) => now - at < windowMs);
  const fell = fallen.length > 0 ? [...recent, [now, fallen.length] as const] : recent;
  const untold = before.untold + fallen.length;
  const untoldSince = Math.min(before.untoldSince ?? now, ...fallen.map(({ heardAt }) => heardAt));
  const names = [...before.names, ...fallen.map(({ thingName }) => thingName)].slice(0, mostNames);
  const total = Math.max(silent.length, fallen.length);
  const base = { toldAt, fell, untold, names, peak: Math.max(before.peak, untold > 0 ? total : 0) };
  const isMany = countFallen({ ...base }, now) > most;
  const mayTell = toldAt.length < (isMany ? 1 : mostMessages);
  const told = { ...base, toldAt: [...toldAt, now], untold: 0, names: [] };
  if (untold > 0) {
    if (!mayTell) return { next: { ...base, untoldSince } };
    const others = total > untold ? `; ${writeAgents(total)} are silent now` : '';
    return {
      next: { ...told, peak: total },
      text: `${writeAgents(untold)} fell silent since ${writeTime(untoldSince)}: ${writeNames(names, untold)}${others}`,
    };
  }
  const isBack = before.peak <= most ? total < before.peak : total <= before.peak / 10;
  if (!isBack || !mayTell) return { next: base };
  const left = total === 0 ? '' : `; ${total} still silent: ${writeNames(silent, total)}`;
  return {
    next: { ...told, peak: total },
    text: `${before.peak - total} of ${writeAgents(before.peak)} that had fallen silent report again${left}`,
  };
}

function writeAgents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}

function writeNames(names: readonly string[], count: number): string {
  const shown = names.slice(0, mostNames);
  const more = count - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function writeTime(at: number): string {
  const parts = [Math.floor(at / 3_600_000) % 24, Math.floor(at / 60_000) % 60];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')} UTC`;
}
