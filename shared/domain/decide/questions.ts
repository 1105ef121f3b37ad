import type { ActionName } from '../actions/registry';
import { type Asking, createNeed } from '../asking';
import type { Facts } from '../facts';
import type { GuardQuestions } from '../guards/guards';

/** What a decision may depend on beside the case and the command. Each is asked at most once in a decision. */
export interface DecisionQuestions extends GuardQuestions {
  /**
   * What does AWS return about the thing? `urgent`: a failed lookup is not tried again. `actions`: also look up what
   * these actions need, beside those of the playbooks.
   */
  facts(about: { readonly urgent: boolean; readonly actions?: readonly ActionName[] }): Facts;
  /**
   * Is this the case that announces the fleet limit, or the rejection of cases that waited for it without a message? One
   * message in the window says so, not one for each thing. The limit of a sender has its own window.
   */
  fleetNotice(about: {
    readonly caseId: string;
    readonly of?: 'rejection';
    readonly sender?: string;
    readonly withinMs?: number;
  }): boolean;
}

export type Deciding<T> = Asking<DecisionQuestions, T>;

export const need = createNeed<DecisionQuestions>();

/** For a decision that does not depend on the facts. */
export const notAsked: Facts = { kind: 'unavailable', reason: 'not needed' };
