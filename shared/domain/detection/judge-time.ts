import { violates } from './criteria';
import { isSilent, lastBoundary } from './due';
import { principalOf } from './judge-lifecycle';
import { type Entry, openJudgement, type Setting } from './judgement';
import { disconnectDuration, isLifecycle, isSummed } from './metrics';
import type { BehaviorState, Judgement, PresenceState } from './state';
import { sumWindow } from './window';

/** Judges what time alone changes of a thing: silence, a window that empties, a device that stays away. */
export function judgeTime(input: Setting): Judgement {
  const { at, state } = input;
  const judgement = openJudgement(input);
  for (const entry of judgement.monitored()) {
    const { behavior, key } = entry;
    for (const slot of judgement.slots(key)) {
      const before = judgement.before(slot);
      if (isSilent(before, behavior.metric, at)) judgement.invalidate(slot, entry);
      else if (before.violationId) judgement.keep(slot, judgement.recheck(before, entry));
    }
    if (!isLifecycle(behavior.metric)) continue;
    const before = judgement.before(key);
    const boundary = lastBoundary(at);
    if (behavior.metric === disconnectDuration) {
      const due = evaluateDuration(before, entry, state.presence, at);
      if (due) judgement.hear(key, entry, { ...before, evaluatedAt: boundary }, due);
    } else if (isSummed(behavior.metric) && judgement.isKnown(key) && boundary > (before.evaluatedAt ?? 0)) {
      const sum = evaluateSum(before, entry, boundary, state.presence?.principal);
      judgement.hear(key, entry, { ...sum.before, evaluatedAt: boundary }, sum.verdict);
    }
  }
  return judgement.conclude();
}

/** A sum at a boundary; of the window only what the next one needs is kept. */
function evaluateSum(
  before: BehaviorState,
  { behavior: { criteria } }: Entry,
  boundary: number,
  principal: string | undefined,
) {
  const durationMs = (criteria.durationSeconds ?? 0) * 1_000;
  const window = (before.window ?? []).filter(([, until]) => until > boundary - durationMs);
  const value = { count: sumWindow(window, boundary, durationMs) };
  return {
    before: { ...before, window },
    verdict: {
      isBad: violates(value, criteria) === true,
      value,
      seed: boundary,
      principal: principalOf(window, principal),
    },
  };
}

/** Datapoints in a row are five minutes apart; the first is when the bound is passed. */
function evaluateDuration(
  before: BehaviorState,
  { behavior: { criteria } }: Entry,
  { disconnectedAt, principal }: PresenceState = { seen: [] },
  at: number,
) {
  const isOpen = before.violationId !== undefined;
  if ((disconnectedAt === undefined) !== isOpen) return undefined;
  const value = { count: disconnectedAt === undefined ? 0 : Math.floor((at - disconnectedAt) / 60_000) };
  const isBad = violates(value, criteria) === true;
  const isFirst = isBad && before.bad === 0;
  if (!isFirst && lastBoundary(at) <= (before.evaluatedAt ?? 0)) return undefined;
  return { isBad, value, seed: disconnectedAt ?? at, ...(principal !== undefined && { principal }) };
}
