import { sweep } from '../../../functions/sweep/handler';
import type { Case } from '../../../shared/domain/case';
import { decide } from '../../../shared/domain/decide';
import type { Violation } from '../../../shared/domain/violation';
import type { FleetSize } from '../../../shared/ports';
import { awsError } from '../../aws-error';
import { aContext, aViolation, now } from '../../builders';
import { fakeQueue, fakeTelemetry } from '../../fakes';

/** Drift and lost alerts are looked for every fifth minute. */
const fifthMinute = now - (now % 300_000);

interface Registry {
  readonly at: number;
  readonly members: readonly string[];
  readonly active: readonly Violation[];
  readonly stored: Readonly<Record<string, { value: Case; version: number }>>;
}

function setUp(due: readonly string[], refused: readonly string[] = [], over: Partial<Registry> = {}) {
  const world: Registry = { at: now, members: [], active: [], stored: {}, ...over };
  const { sent, commands } = fakeQueue();
  const { counts, log, metrics } = fakeTelemetry();
  const asked: unknown[] = [];
  const fleet: { size: FleetSize | undefined } = { size: undefined };
  const run = sweep({
    cases: {
      async listDue(at, limit) {
        asked.push([at, limit]);
        return [...due];
      },
      load: async (thingName) => world.stored[thingName],
      readFleetSize: async () => fleet.size,
      async saveFleetSize(size) {
        fleet.size = size;
      },
    },
    listMembers: async function* () {
      yield* world.members;
    },
    listActive: async function* () {
      yield* world.active;
    },
    countThings: async () => 42,
    commands: {
      send: async (command, id) =>
        refused.includes(command.thingName)
          ? Promise.reject(awsError('Throttled'))
          : commands.send(command, id),
    },
    log,
    metrics,
    clock: () => world.at,
  });
  return { run, sent, counts, asked, fleet };
}

describe('sweep', () => {
  it('sends each due case back to its mailbox, once a minute', async () => {
    const { run, sent, counts, asked } = setUp(['a', 'b']);

    await run();
    await run();

    const minute = Math.floor(now / 60_000);
    expect(asked[0]).toEqual([now, 500]);
    expect(sent.slice(0, 2)).toEqual([
      { command: { type: 'resume', thingName: 'a' }, id: `resume#a#${minute}` },
      { command: { type: 'resume', thingName: 'b' }, id: `resume#b#${minute}` },
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    expect(counts).toEqual({ SweepRun: 2, CaseResumed: 4 });
  });

  it('sends the others and then fails where one could not be sent', async () => {
    const { run, sent, counts } = setUp(['a', 'b', 'c'], ['b']);

    await expect(run()).rejects.toThrow('some cases were not resumed');

    expect(sent.map(({ command }) => command.thingName)).toEqual(['a', 'c']);
    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 2 });
  });

  const open = (violation: Violation) => {
    const decision = decide(
      undefined,
      { type: 'violation', thingName: violation.thingName, violation },
      aContext(),
    );
    if (decision.outcome !== 'changed') throw new Error(decision.reason);
    return { value: decision.next, version: 1 };
  };

  it('reports a thing in the quarantine group that no case holds', async () => {
    const stored = { held: open(aViolation({ thingName: 'held' })) };
    const { run, sent } = setUp([], [], { at: fifthMinute, members: ['held', 'stray'], stored });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([{ type: 'drift', thingName: 'stray' }]);
  });

  it('takes up an active violation whose alert never came, and no other', async () => {
    const known = aViolation({ thingName: 'known' });
    const lost = aViolation({ thingName: 'lost' });
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      active: [known, lost],
      stored: { known: open(known) },
    });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([
      { type: 'violation', thingName: 'lost', violation: lost },
    ]);
  });

  it.each([
    ['late for its turn', fifthMinute + 61_000, fifthMinute, 1],
    ['late, and not its turn', fifthMinute, fifthMinute - 60_000, 0],
  ])('goes by the minute it was scheduled for: %s', async (_, at, scheduledAt, drifts) => {
    const { run, sent } = setUp([], [], { at, members: ['stray'] });

    await run({ time: new Date(scheduledAt).toISOString() });

    expect(sent).toHaveLength(drifts);
  });

  it('counts the fleet once an hour, for limits that are a percentage', async () => {
    const { run, fleet } = setUp([], [], { at: fifthMinute });

    await run();

    expect(fleet.size).toEqual({ things: 42, countedAt: fifthMinute });
  });

  it('says that it ran, even with nothing due', async () => {
    const { run, counts } = setUp([]);

    await run();

    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 0 });
  });
});
