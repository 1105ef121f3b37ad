import { openStatuses } from '../../../shared/domain/case/status';
import type { Configuration } from '../../../shared/domain/configuration';
import { describeDegraded } from '../../../shared/domain/findings/degraded';
import { findFleetLimit } from '../../../shared/domain/guards/fleet-limit';
import { summarizeCases } from '../../../shared/domain/lists/summary';
import type { ThingKey } from '../../../shared/domain/thing-ref';
import { type HttpAnswer, type HttpRequest, jsonResponse } from '../../../shared/http';
import type { KillSwitchReader } from '../../../shared/ports/aws';
import type { Clock } from '../../../shared/ports/runtime';
import type { FleetLimit, Floods } from '../../../shared/ports/storage';
import type { DegradedAgent } from '../../../shared/storage/agents';
import type { CaseListReader } from '../../../shared/storage/case-list';
import { showFloods, showKillSwitch } from '../show';

export interface FleetPorts {
  readonly list: Pick<CaseListReader, 'readAll'>;
  readonly fleetLimit: Pick<FleetLimit, 'readSize' | 'countUsed'>;
  readonly listSilent: () => Promise<readonly ThingKey[]>;
  readonly listDegraded: () => Promise<readonly DegradedAgent[]>;
  readonly guards: Configuration['guards'];
  readonly killSwitch: KillSwitchReader;
  readonly floods: Pick<Floods, 'list'>;
  readonly clock: Clock;
}

const maxAgents = 100;

/** The whole fleet at a glance. */
export async function showFleet(_request: HttpRequest, ports: FleetPorts): Promise<HttpAnswer> {
  const { list, fleetLimit, guards, killSwitch, floods, clock } = ports;
  const now = clock();
  const { things, percent, within } = guards.fleetLimit;
  const [{ cases, isComplete }, size, used, silent, degraded, flooding, seen] = await Promise.all([
    list.readAll(openStatuses),
    fleetLimit.readSize(),
    fleetLimit.countUsed(now, within),
    ports.listSilent(),
    ports.listDegraded(),
    floods.list(now),
    showKillSwitch(killSwitch),
  ]);
  return jsonResponse({
    cases: { counts: summarizeCases(cases).counts, isComplete },
    ...(size?.things !== undefined && { things: size.things, countedAt: size.countedAt }),
    fleetLimit: {
      ...{ things, ...(percent !== undefined && { percent }), withinMs: within },
      ...{ limit: findFleetLimit(guards, size?.things), used },
    },
    silentAgents: showFirst(silent, (thingName) => thingName),
    degradedAgents: showFirst(degraded, (one) => ({ ...one, words: describeDegraded(one.degraded) })),
    exempt: guards.exempt,
    ...showFloods(flooding),
    ...seen,
  });
}

/** The first of the agents, and how many more there are. */
function showFirst<T, S>(agents: readonly T[], show: (agent: T) => S) {
  const more = agents.length - maxAgents;
  return {
    count: agents.length,
    things: agents.slice(0, maxAgents).map(show),
    ...(more > 0 && { more }),
  };
}
