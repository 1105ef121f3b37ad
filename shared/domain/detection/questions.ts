import { type Asking, askOnce, createNeed } from '../asking';
import type { Draft, Setting } from './judgement';
import type { Distribution } from './percentiles';
import type { Judgement, Membership } from './state';

/** The questions that a judgement may ask, beside the report or event and the stored state of the thing. */
export interface DetectionQuestions {
  /** What does the registry say of the thing? */
  membership(about: Nothing): Membership;
  /** Is this certificate attached to the thing? */
  owner(about: { readonly principal: string }): boolean;
  /** How were the values of the fleet distributed in this window? */
  distribution(about: {
    readonly metric: string;
    readonly durationSeconds: number;
    readonly window: number;
  }): Distribution | undefined;
  /** Does a containment hold the thing? */
  held(about: Nothing): boolean;
  /** Is the thing one of few that fall silent now? Counts it. */
  alone(about: Nothing): boolean;
}

type Nothing = Record<string, never>;

export type Detecting<T> = Asking<DetectionQuestions, T>;

export const need = createNeed<DetectionQuestions>();

/**
 * Judges without the registry, so that an ordinary report costs no IoT call. Where the judgement depends on the registry,
 * the rule starts again with the answer: a profile that does not target the thing then has no effect.
 */
export function* judgeWith<S extends Setting>(
  input: S,
  rule: (input: S) => Detecting<Draft>,
): Detecting<Judgement> {
  return yield* askOnce(lookUpWhereItMatters(input, rule));
}

function* lookUpWhereItMatters<S extends Setting>(
  input: S,
  rule: (input: S) => Detecting<Draft>,
): Detecting<Judgement> {
  const first = yield* rule(input);
  const { judgement } = first.needsMembership
    ? yield* rule({ ...input, membership: yield* need('membership', {}) })
    : first;
  return judgement;
}
