import { countMissed, fallSilent, isSilenceDue, type Silence } from './agent-silence';
import { violates } from './criteria';
import { lastBoundary, listBounds } from './due';
import type { Entry } from './entries';
import { isSilent } from './invalidation';
import { principalOf } from './judge-lifecycle';
import { type Draft, openJudgement, type Setting } from './judgement';
import { findAwaySince } from './lifecycle';
import { disconnectDuration, isLifecycle, isSummed, missedReports } from './metrics';
import { type Detecting, judgeWith, need } from './questions';
import type { BehaviorState, DetectState, Judgement } from './state';
import { sumWindow } from './window';

/** Judges changes that time alone causes: silence, a window that empties, a device that stays away. */
export function judgeTime(input: Setting): Detecting<Judgement> {
  return judgeWith(input, judgeMoment);
}

function* judgeMoment(input: Setting): Detecting<Draft> {
  const { at, state, profiles } = input;
  const silence = isSilenceDue(state, listBounds(profiles), at) ? yield* lookAtSilence(state) : undefined;
  const agent = silence ? fallSilent(state, silence, at) : state.agent;
  const isAlone = silence !== undefined && agent?.silentAt !== undefined && !agent.withMany && !silence.held;
  const judgement = openJudgement(input);
  for (const entry of judgement.monitored()) {
    const { behavior, key } = entry;
    for (const slot of judgement.slots(key)) {
      const before = judgement.before(slot);
      if (isSilent(before, behavior.metric, at)) judgement.invalidate(slot, entry);
      else if (before.violationId) judgement.keep(slot, judgement.recheck(before, entry.securityProfileName));
    }
    const before = judgement.before(key);
    if (behavior.metric === missedReports && isAlone && before.violationId === undefined) {
      const value = { count: countMissed(state, at) };
      const seed = state.agent?.heardAt ?? at;
      if (violates(value, behavior.criteria))
        judgement.recordDatapoint(key, entry, before, { isBad: true, value, seed });
    }
    if (!isLifecycle(behavior.metric)) continue;
    const boundary = lastBoundary(at);
    if (behavior.metric === disconnectDuration) {
      const due = evaluateDuration(before, entry, state, at);
      if (due) judgement.recordDatapoint(key, entry, { ...before, evaluatedAt: boundary }, due);
    } else if (isSummed(behavior.metric) && judgement.isKnown(key) && boundary > (before.evaluatedAt ?? 0)) {
      const sum = evaluateSum(before, entry, boundary, state.presence?.principal);
      judgement.recordDatapoint(key, entry, { ...sum.before, evaluatedAt: boundary }, sum.verdict);
    }
  }
  return judgement.conclude(silence ? { agent } : {});
}

/** The facts that the detector needs before it announces a silent thing. */
function* lookAtSilence({ agent }: DetectState): Detecting<Silence> {
  if (yield* need('held', {})) return { registered: true, held: true, withMany: false };
  const isKnown = agent?.silentAt !== undefined;
  const withMany = isKnown ? agent.withMany === true : !(yield* need('alone', {}));
  // If many agents fall silent at once, this does not ask the registry; the next check finds retired things.
  const registered = withMany && !isKnown ? true : (yield* need('membership', {})).registered;
  return { registered, held: false, withMany };
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
  state: DetectState,
  at: number,
) {
  const since = findAwaySince(state);
  const principal = state.presence?.principal;
  const isOpen = before.violationId !== undefined;
  if ((since === undefined) !== isOpen) return undefined;
  const value = { count: since === undefined ? 0 : Math.floor((at - since) / 60_000) };
  const isBad = violates(value, criteria) === true;
  const isFirst = isBad && before.bad === 0;
  if (!isFirst && lastBoundary(at) <= (before.evaluatedAt ?? 0)) return undefined;
  return { isBad, value, seed: since ?? at, ...(principal !== undefined && { principal }) };
}
