import type { Case } from '../../../shared/domain/case/case';
import type { AgentState } from '../../../shared/domain/detection/agent-silence';
import type { DetectState } from '../../../shared/domain/detection/state';
import { describeDegraded } from '../../../shared/domain/findings/degraded';
import { outlineCase } from '../../../shared/domain/lists/outline';
import type { Account, ThingKey } from '../../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readThing,
} from '../../../shared/http';
import type { CaseStore, Versioned } from '../../../shared/ports/storage';
import type { ClosedCases } from '../../../shared/storage/closed-cases';
import type { NewestDatapoint } from '../../../shared/storage/datapoints';

export interface ThingPorts {
  readonly cases: Pick<CaseStore, 'load'>;
  readonly history: { listClosed(thingName: ThingKey, limit: number): Promise<ClosedCases> };
  readonly loadState: (thingName: ThingKey) => Promise<Versioned<DetectState> | undefined>;
  readonly listMetrics: (thingName: ThingKey) => Promise<readonly NewestDatapoint[]>;
  readonly own: Account;
}

const maxEarlier = 10;

/** The stored data of a thing: its agent, its metrics, its cases, and the facts that its newest case looked up. */
export async function showThing(request: HttpRequest, ports: ThingPorts): Promise<HttpAnswer> {
  const thingName = readThing(request, ports.own);
  const [stored, state, earlier, metrics] = await Promise.all([
    ports.cases.load(thingName),
    ports.loadState(thingName),
    ports.history.listClosed(thingName, maxEarlier + 1),
    ports.listMetrics(thingName),
  ]);
  const newest = stored?.value;
  const agent = state?.value.agent;
  if (!newest && !agent && metrics.length === 0)
    throw new HttpProblem(404, `nothing is known of ${thingName}: no case, no report`);
  const before = earlier.cases.filter(({ caseId }) => caseId !== newest?.caseId);
  return jsonResponse({
    thingName,
    ...(newest && { case: listCase(newest), ...showFacts(newest) }),
    ...(agent && { agent: showAgent(agent) }),
    metrics,
    earlier: before.slice(0, maxEarlier).map(listCase),
    ...(before.length > maxEarlier && { moreEarlier: true }),
    ...(earlier.damaged.length > 0 && { damaged: earlier.damaged }),
  });
}

function listCase(record: Case) {
  const { thingName, caseId, status, severity, updatedAt } = record;
  return { thingName, caseId, status, severity, updatedAt, ...outlineCase(record) };
}

/** The facts that its newest case has looked up, which may be long ago. */
function showFacts({ facts, openedAt }: Case) {
  if (facts?.kind !== 'known') return {};
  const { registered, thingTypeName, attributes, groups, principals } = facts;
  return {
    registry: {
      ...{ lookedUpAfter: openedAt, registered, ...(thingTypeName !== undefined && { thingTypeName }) },
      ...{ attributes, groups },
      certificates: principals.map(({ certificateId, status, policies, sharedWith, escapesGroup }) => ({
        ...{ certificateId, ...(status !== undefined && { status }), policies, sharedWith, escapesGroup },
      })),
    },
  };
}

function showAgent({ heardAt, silentAt, intervalMs, health }: AgentState) {
  return {
    heardAt,
    ...(silentAt !== undefined && { silentAt }),
    ...(intervalMs !== undefined && { intervalMs }),
    ...(health && { health }),
    ...(health && health.degraded.length > 0 && { words: describeDegraded(health.degraded) }),
  };
}
