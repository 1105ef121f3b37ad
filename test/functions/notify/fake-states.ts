import { VersionConflictError } from '../../../shared/errors';
import type { Versioned } from '../../../shared/ports/storage';
import type { ChannelState, ChannelStates, ChannelTurn } from '../../../shared/storage/channel-states';

/** The states of one channel in memory: those of the cases by `CASE#id`, and its turn. */
export function fakeChannelStates<Place extends object, Memory extends object>() {
  const saved = new Map<string, Versioned<unknown>>();
  const load = async <T>(key: string) => saved.get(key) as Versioned<T> | undefined;
  const save = async (key: string, value: unknown, previous: number) => {
    if ((saved.get(key)?.version ?? 0) !== previous) throw new VersionConflictError(key);
    saved.set(key, { value, version: previous + 1 });
    return previous + 1;
  };
  const states: ChannelStates<Place, Memory> = {
    load: (caseId) => load<ChannelState<Place>>(`CASE#${caseId}`),
    save: (caseId, value, previous) => save(`CASE#${caseId}`, value, previous),
    async listDue(at, limit) {
      const due = [...saved].flatMap(([key, { value }]) => {
        const { dueAt } = value as ChannelState;
        return key.startsWith('CASE#') && dueAt !== undefined && dueAt <= at
          ? [{ caseId: key.slice('CASE#'.length), dueAt }]
          : [];
      });
      return due
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ caseId }) => caseId);
    },
    loadTurn: () => load<ChannelTurn<Memory>>('TURN'),
    saveTurn: (turn, previous) => save('TURN', turn, previous),
  };
  return { saved, states };
}
