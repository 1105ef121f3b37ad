import { deniedObject, statusObject } from '../../shared/domain/actions/lease';
import type { Answers } from '../../shared/domain/asking';
import { type Case, isOpen } from '../../shared/domain/case/case';
import { holdsThing } from '../../shared/domain/case/ledger-entry';
import type { Context } from '../../shared/domain/decide/decision';
import type { DecisionQuestions } from '../../shared/domain/decide/questions';
import { findFleetLimit } from '../../shared/domain/guards/fleet-limit';
import type { FleetLimit } from '../../shared/ports/storage';
import { type FactPorts, gatherFacts } from './facts';

export interface AnswerPorts extends FactPorts {
  readonly fleetLimit: FleetLimit;
}

/** Answers the questions of a decision about a thing. */
export function createAnswers(
  current: Case | undefined,
  { thingName, now, ...context }: Context,
  attempt: number,
  ports: AnswerPorts,
): Answers<DecisionQuestions> {
  const { guards } = context.configuration;
  const { fleetLimit, leases } = ports;
  const windowMs = guards.fleetLimit.within;
  return {
    facts: ({ urgent, actions = [] }) => {
      const pastContainments = current?.pastContainments?.length ?? 0;
      const options = { ...context, pastContainments, actions, held: listHeld(current) };
      return gatherFacts(thingName, ports, options, urgent ? Infinity : attempt);
    },
    holders: async ({ certificateId }) => {
      const found = await Promise.all([
        leases.load(deniedObject(certificateId)),
        leases.load(statusObject(certificateId)),
      ]);
      return [...new Set(found.flatMap((stored) => stored?.value.holders ?? []))];
    },
    reservation: async ({ sender }) => {
      if (sender) {
        const { name, limit } = sender;
        const { things, within } = limit;
        return fleetLimit.reserve({ thingName, now, limit: things, windowMs: within, sender: name });
      }
      const counted = guards.fleetLimit.percent === undefined ? undefined : await fleetLimit.readSize();
      const limit = findFleetLimit(guards, counted?.things);
      return fleetLimit.reserve({ thingName, now, limit, windowMs });
    },
    fleetNotice: ({ withinMs = windowMs, ...notice }) =>
      fleetLimit.reserveNotice({ ...notice, now, windowMs: withinMs }),
  };
}

/** The certificates of a thing that is held, as they were seen when it was. */
function listHeld(current: Case | undefined): string[] {
  if (!isOpen(current) || !holdsThing(current) || current.facts?.kind !== 'known') return [];
  return current.facts.principals.map(({ arn }) => arn);
}
