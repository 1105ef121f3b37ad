import type { FleetSilence } from '../shared/domain/detection/silence-notices';
import type { Datapoint, DetectState } from '../shared/domain/detection/state';
import type { Datapoints, DetectStore, Fleet, SilenceStore } from '../shared/ports/storage';
import type { DatapointPage, DatapointQuery } from '../shared/storage/datapoints';
import { fakeStore } from './fakes';

/** The storage of the rules detector, in memory. */
export function fakeDetection() {
  const store = fakeStore<DetectState>(({ thingName }) => thingName);
  const kept = new Map<string, Datapoint & { readonly thingName: string }>();
  const bins = new Map<string, Record<string, number>>();
  const states: DetectStore = {
    load: store.load,
    save: store.save,
    async listDue(at, limit) {
      return [...store.items.values()]
        .map(({ value }) => value)
        .filter(({ dueAt = Number.POSITIVE_INFINITY }) => dueAt <= at)
        .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
        .slice(0, limit)
        .map(({ thingName }) => thingName);
    },
  };
  const datapoints: Datapoints = {
    async append(thingName, points) {
      for (const point of points)
        kept.set(JSON.stringify([thingName, point.metric, point.at]), { thingName, ...point });
    },
  };
  const fleet: Fleet = {
    async add(_thingName, { metric, durationSeconds, window, bin }) {
      const key = JSON.stringify([metric, durationSeconds, window]);
      const counts = bins.get(key) ?? {};
      bins.set(key, { ...counts, [bin]: (counts[bin] ?? 0) + 1 });
    },
    read: async (metric, durationSeconds, window) =>
      bins.get(JSON.stringify([metric, durationSeconds, window])) ?? {},
  };
  async function readDatapoints(query: DatapointQuery): Promise<DatapointPage> {
    const found = [...kept.values()]
      .filter(({ thingName, metric }) => thingName === query.thingName && metric === query.metric)
      .filter(({ at }) => at >= query.from && at <= query.to)
      .sort((a, b) => a.at - b.at);
    const next = found[query.limit];
    return {
      datapoints: found.slice(0, query.limit).map(({ at, value }) => ({ at, value })),
      ...(next && { nextFrom: next.at }),
    };
  }
  return { items: store.items, kept, bins, states, datapoints, readDatapoints, fleet };
}

/** Agents that are silent, by the states in memory. */
export function fakeSilences({ items }: ReturnType<typeof fakeDetection>, held: ReadonlySet<string>) {
  const store = fakeStore<FleetSilence & { readonly name?: string }>(() => 'fleet');
  const silences: SilenceStore = {
    load: () => store.load('fleet'),
    save: store.save,
    listSilent: async () =>
      [...items.values()].flatMap(({ value: { thingName, agent } }) =>
        agent?.silentAt === undefined ? [] : [thingName],
      ),
    isHeld: async (thingName) => held.has(thingName),
  };
  return { silences };
}
