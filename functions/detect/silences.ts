import {
  countFallen,
  type Fallen,
  type FleetSilence,
  followSilence,
  isQuiet,
  most,
  noSilence,
} from '../../shared/domain/detection/silence-notices';
import type { Operations } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { SilenceStore, Versioned } from '../../shared/ports/storage';

export interface SilencePorts {
  readonly silences: SilenceStore;
  readonly operations: Operations;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const whatToDo = 'Which agents: npx cordon agents --silent\nWhat to do: docs/runbooks/agents-silent.md';

/** Collects the things that fell silent in one scheduled run, and announces them. */
export interface SilenceRun {
  /** Whether one more silent thing may have an announcement of its own. */
  isAlone(): boolean;
  note(fallen: Fallen): void;
  announce(): Promise<void>;
}

export async function startSilenceRun({
  silences,
  operations,
  log,
  metrics,
  clock,
}: SilencePorts): Promise<SilenceRun> {
  const stored: Versioned<FleetSilence> | undefined = await silences.load();
  const before = stored?.value ?? noSilence;
  let left = most - countFallen(before, clock());
  const fallen: Fallen[] = [];
  return {
    isAlone: () => {
      left -= 1;
      return left >= 0;
    },
    note: (one) => void fallen.push(one),
    async announce() {
      if (fallen.length > 0) metrics.count('AgentFellSilent', fallen.length);
      if (fallen.length === 0 && isQuiet(before)) return;
      const { next, text } = followSilence(before, fallen, await silences.listSilent(), clock());
      if (text !== undefined) {
        log.warn(text);
        await operations.notify('[Cordon] agents that fell silent', `${text}\n\n${whatToDo}`);
      }
      // Announced first: a crash in between causes a second message, but never none.
      await silences.save(next, stored?.version ?? 0);
    },
  };
}
