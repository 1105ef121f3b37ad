import * as z from 'zod/mini';
import type { DetectState } from '../../../shared/domain/detection/state';
import { describeDegraded } from '../../../shared/domain/findings/degraded';
import { parseJson } from '../../../shared/domain/json';
import { parseThing, type ThingKey } from '../../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readQuery,
} from '../../../shared/http';
import type { DegradedAgent } from '../../../shared/storage/agents';
import { count, cursor, listOf } from '../query';

export interface AgentPorts {
  readonly listSilent: () => Promise<readonly ThingKey[]>;
  readonly listDegraded: () => Promise<readonly DegradedAgent[]>;
  readonly loadStates: (things: readonly ThingKey[]) => Promise<readonly DetectState[]>;
}

const agentStates = ['silent', 'degraded'] as const;
type AgentStates = readonly (typeof agentStates)[number][];

export const agentQuery = z.strictObject({
  state: z.optional(listOf(agentStates)),
  limit: count(1, 100),
  cursor,
});

/** Agents that are silent or degraded, by the names of their things. Reads the states of one page. */
export async function listAgents(request: HttpRequest, ports: AgentPorts): Promise<HttpAnswer> {
  const { state = agentStates, limit = 100, cursor: from } = readQuery(request, agentQuery);
  const after = from === undefined ? '' : readCursor(from, state);
  const [silent, degraded] = await Promise.all([
    state.includes('silent') ? ports.listSilent() : [],
    state.includes('degraded') ? ports.listDegraded() : [],
  ]);
  const names = [...new Set([...silent, ...degraded.map(({ thingName }) => thingName)])]
    .filter((name) => name > after)
    .toSorted();
  const page = names.slice(0, limit);
  const last = page.at(-1);
  const states = new Map((await ports.loadStates(page)).map((one) => [one.thingName, one]));
  return jsonResponse({
    // One that was retired meanwhile is left out.
    agents: page.flatMap((name) => showAgent(states.get(name))),
    ...(names.length > limit && last !== undefined && { next: writeCursor(last, state) }),
  });
}

function showAgent(state: DetectState | undefined) {
  if (!state?.agent) return [];
  const { heardAt, silentAt, health } = state.agent;
  const { version, degraded = [] } = health ?? {};
  return {
    ...{ thingName: state.thingName, heardAt },
    ...(silentAt !== undefined && { silentAt }),
    ...(version !== undefined && { version }),
    degraded,
    ...(degraded.length > 0 && { words: describeDegraded(degraded) }),
  };
}

function writeCursor(last: ThingKey, states: AgentStates): string {
  return Buffer.from(JSON.stringify([1, states.toSorted().join(), last])).toString('base64url');
}

/** The last thing's name. The list continues after it, whether or not the thing still exists. */
function readCursor(text: string, states: AgentStates): ThingKey {
  const parsed = parseJson(Buffer.from(text, 'base64url').toString('utf8'));
  const [version, of, name] = Array.isArray(parsed) ? parsed : [];
  const thingName = parseThing(name);
  if (version !== 1 || typeof of !== 'string' || !thingName)
    throw new HttpProblem(400, 'is none of this list', 'cursor');
  if (of !== states.toSorted().join())
    throw new HttpProblem(400, 'is of a list of other states: begin without a cursor', 'cursor');
  return thingName;
}
