import { aViolation, changeCase } from '../../builders';
import { fifthMinute, openCase, setUp } from './a-sweep';

describe('the sweep', () => {
  it('reports a thing in the quarantine group that no case holds', async () => {
    const conflict = openCase(aViolation({ thingName: 'conflict' }));
    const stored = {
      held: openCase(aViolation({ thingName: 'held' })),
      // No action holds the thing, and its open case says why, so the command would change nothing.
      conflict: {
        ...conflict,
        value: changeCase(conflict.value, { status: 'release-conflict', ledger: [] }),
      },
    };
    const { run, sent } = setUp([], [], { at: fifthMinute, members: ['held', 'conflict', 'stray'], stored });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([{ type: 'drift', thingName: 'stray' }]);
  });

  it('sends an active violation whose alert never came, and no other', async () => {
    const occurredAt = fifthMinute - 1;
    const known = aViolation({ thingName: 'known', occurredAt });
    const lost = aViolation({ thingName: 'lost', occurredAt });
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      active: [known, lost],
      stored: { known: openCase(known) },
    });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([
      { type: 'violation', thingName: 'lost', violation: lost },
    ]);
  });

  it('finds a lost alert and a stray thing behind a thousand that are known, in the run after', async () => {
    const known = Array.from({ length: 1_000 }, (_, index) =>
      aViolation({ thingName: `thing-${index}`, occurredAt: fifthMinute - 1 }),
    );
    const lost = aViolation({ thingName: 'lost', occurredAt: fifthMinute - 1 });
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      active: [...known, lost],
      members: [...known.map(({ thingName }) => thingName), 'stray'],
      stored: Object.fromEntries(known.map((one) => [one.thingName, openCase(one)])),
    });

    await run();
    expect(sent).toEqual([]);
    await run();

    expect(sent.map(({ command: { type, thingName } }) => [type, thingName]).toSorted()).toEqual([
      ['drift', 'stray'],
      ['violation', 'lost'],
    ]);
  });

  it('dates an active violation from the future by the present time, once', async () => {
    const claimedAt = fifthMinute + 86_400_000;
    const ahead = aViolation({ occurredAt: claimedAt });
    const first = setUp([], [], { at: fifthMinute, active: [ahead] });
    await first.run();
    const taken = { ...ahead, occurredAt: fifthMinute, claimedAt };
    expect(first.sent.map(({ command }) => command)).toMatchObject([{ violation: taken }]);

    const again = setUp([], [], {
      at: fifthMinute + 300_000,
      active: [ahead],
      stored: { mything1: openCase(taken) },
    });
    await again.run();

    expect(again.sent).toEqual([]);
  });

  it.each([
    ['late for its turn', fifthMinute + 61_000, fifthMinute, 1],
    ['late, and not its turn', fifthMinute, fifthMinute - 60_000, 0],
  ])('uses the minute that it was scheduled for: %s', async (_, at, scheduledAt, drifts) => {
    const { run, sent } = setUp([], [], { at, members: ['stray'] });

    await run({ time: new Date(scheduledAt).toISOString() });

    expect(sent).toHaveLength(drifts);
  });
});
