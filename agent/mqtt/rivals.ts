import type { Log } from '../log';
import type { Problems } from '../problems';

/** Detects another client with the same id: the broker ends the first connection when the second is established. */
export interface Rivals {
  /** `connectedMs` is undefined if no connection was established. */
  noteEnd(connectedMs: number | undefined, isUnasked: boolean): void;
}

/** A network may end a connection once or twice; a rival client does it again and again. */
const mostEnds = 3;
const withinMs = 600_000;
/** Each disconnected client reconnects at once, so neither connection lasts. */
const shortMs = 120_000;

export function watchRivals(
  clientId: string,
  log: Log,
  clock: () => number,
  problems: Problems | undefined,
): Rivals {
  let ends: readonly number[] = [];
  let isTold = false;
  return {
    noteEnd: (connectedMs, isUnasked) => {
      if (connectedMs === undefined) return;
      const now = clock();
      if (connectedMs >= shortMs) {
        ends = [];
        isTold = false;
        problems?.end('connection');
        return;
      }
      if (!isUnasked) return;
      ends = [...ends, now].filter((at) => now - at < withinMs);
      if (ends.length < mostEnds || isTold) return;
      isTold = true;
      const reason = `the broker ended ${ends.length} connections soon after they came to be, while nothing was asked of it: another client seems to use the client id ${clientId}`;
      if (problems) problems.note('connection', reason);
      else log('warn', 'client-id-shared', { reason });
    },
  };
}
