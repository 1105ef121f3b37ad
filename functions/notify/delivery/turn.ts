import type { Clock } from '../../../shared/ports/runtime';
import type { ChannelStates, ChannelTurn } from '../../../shared/storage/channel-states';
import { untilUndisturbed } from '../../../shared/undisturbed';

const idle: ChannelTurn = { until: 0, asked: [], memory: {} };
/** More are found by the index. */
const maxAsked = 100;
const lookAgainMs = 1_000;

interface TurnPorts {
  readonly states: Pick<ChannelStates, 'loadTurn' | 'saveTurn'>;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Takes the turn until `until`, waiting for it until `waitUntil` at most. Returns the earlier turn, or undefined if
 * another run keeps the turn: that run shows the cases before it ends.
 */
export async function takeTurn(
  ports: TurnPorts,
  cases: readonly string[],
  until: number,
  waitUntil: number,
): Promise<ChannelTurn | undefined> {
  const { clock, pause } = ports;
  for (;;) {
    const found: { turn?: ChannelTurn } = {};
    await changeTurn(ports, (turn) => {
      const isFree = turn.until <= clock();
      if (isFree) found.turn = turn;
      else delete found.turn;
      if (isFree) return { ...turn, until, asked: [] };
      return cases.length > 0 ? { ...turn, asked: merge(turn.asked, cases) } : undefined;
    });
    if (found.turn || clock() + lookAgainMs >= waitUntil) return found.turn;
    await pause(lookAgainMs);
  }
}

/** Ends the turn, unless another run has left cases: then returns them, and the turn continues. */
export async function endTurn(ports: TurnPorts, learned: Partial<ChannelTurn>): Promise<readonly string[]> {
  let asked: readonly string[] = [];
  await changeTurn(ports, (turn) => {
    asked = turn.asked;
    return asked.length > 0 ? { ...turn, asked: [] } : { ...turn, ...learned, until: 0 };
  });
  return asked;
}

/** Ends the turn whatever waits: the next run continues. */
export async function leaveTurn(ports: TurnPorts, learned: Partial<ChannelTurn>): Promise<void> {
  await changeTurn(ports, (turn) => ({ ...turn, ...learned, until: 0 }));
}

async function changeTurn(
  { states }: TurnPorts,
  next: (turn: ChannelTurn) => ChannelTurn | undefined,
): Promise<void> {
  await untilUndisturbed(21, async () => {
    const stored = await states.loadTurn();
    const changed = next(stored?.value ?? idle);
    if (changed) await states.saveTurn(changed, stored?.version ?? 0);
  });
}

function merge(known: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...known, ...more])].slice(-maxAsked);
}
