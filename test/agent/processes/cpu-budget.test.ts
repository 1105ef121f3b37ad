import fc from 'fast-check';
import { createCpuBudget } from '../../../agent/processes/cpu-budget';

/**
 * Plays looks that cost this much CPU time (ms). Returns the share of a processor that they used and the time between
 * two looks.
 */
function play(percent: number, costMs: (index: number) => number, wantedMs = 100) {
  let now = 0;
  let used = 0;
  const budget = createCpuBudget(percent, () => used);
  budget.restAfter(now, wantedMs);
  const from = 20_000;
  let usedFrom = 0;
  let looks = 0;
  for (let index = 0; now < 120_000; index += 1) {
    used += costMs(index);
    now += costMs(index);
    const rest = budget.restAfter(now, wantedMs);
    now += rest;
    if (now < from) usedFrom = used;
    else looks += 1;
  }
  return {
    percent: (100 * (used - usedFrom)) / (now - from),
    everyMs: (now - from) / looks,
    told: budget.everyMs(),
  };
}

describe('a CPU budget', () => {
  it('keeps the interval if samples are cheap', () => {
    expect(play(2, () => 1).everyMs).toBeCloseTo(101, 0);
  });

  it.each([
    ['500 threads', 6.9],
    ['a scan each time', 40],
    ['2,000 living children', 46],
    ['more than that', 150],
  ])('allows as many samples as it can pay for with %s, and no more', (_what, costMs) => {
    const { percent, everyMs, told } = play(2, () => costMs);

    expect(percent).toBeGreaterThan(1.7);
    expect(percent).toBeLessThan(2);
    expect(Math.abs((told ?? 0) / everyMs - 1)).toBeLessThan(0.05);
  });

  it('balances an occasional expensive sample with the cheap ones around it', () => {
    const { percent, everyMs } = play(2, (index) => (index % 100 === 0 ? 60 : 0.5));

    expect(percent).toBeLessThan(2);
    expect(everyMs).toBeLessThan(120);
  });

  it('does not reduce samples for the costs of the start: a handshake, and code that runs for the first time', () => {
    let used = 0;
    const budget = createCpuBudget(2, () => used);
    budget.restAfter(0, 100);
    used += 150;

    expect(budget.restAfter(200, 100)).toBe(100);
    used += 150;
    expect(budget.restAfter(400, 100)).toBeGreaterThan(1000);
  });

  it('allows at least one sample a minute, however expensive it is', () => {
    const { everyMs } = play(1, () => 5000);

    expect(everyMs).toBeGreaterThan(50_000);
    expect(everyMs).toBeLessThanOrEqual(65_000);
  });

  /**
   * Phases of looks that cost the same, and the other work of the process between two looks: garbage collection, MQTT,
   * systemctl.
   */
  const phases = fc.array(
    fc.record({
      looks: fc.constantFrom(1, 20, 400),
      lookMs: fc.double({ min: 0.2, max: 60, noNaN: true }),
      betweenMs: fc.double({ min: 0, max: 20, noNaN: true }),
      noise: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('uses at most its share of any half minute, whatever samples and the rest of the process cost', () => {
    fc.assert(
      fc.property(phases, fc.constantFrom(1, 2, 5), (all, percent) => {
        let now = 0;
        let used = 0;
        const budget = createCpuBudget(percent, () => used);
        const points = [{ now, used, rested: budget.restAfter(now, 100) }];
        let dearest = 0;
        for (const { looks, lookMs, betweenMs, noise } of all)
          for (let index = 0; index < looks; index += 1) {
            const cost = lookMs * (noise[index % 2] ?? 1);
            const between = index % 7 === 0 ? betweenMs : 0;
            now += points.at(-1)?.rested ?? 0;
            used += between + cost;
            now += cost;
            dearest = Math.max(dearest, between + cost);
            points.push({ now, used, rested: budget.restAfter(now, 100) });
          }
        const share = percent / 100;
        // The window lasts from the end of one look to the end of another, at least half a minute later, and begins
        // after the start.
        let from = 0;
        let excessMs = 0;
        for (const to of points) {
          while (to.now - (points[from + 1]?.now ?? to.now) >= 30_000) from += 1;
          const start = points[from];
          if (!start || start.now < 10_000 || to.now - start.now < 30_000) continue;
          excessMs = Math.max(excessMs, to.used - start.used - share * (to.now - start.now));
        }
        expect(excessMs).toBeLessThanOrEqual(dearest);
      }),
      { numRuns: 300 },
    );
  });

  it('does not save up unused time: an hour without work pays for no more than a moment', () => {
    let used = 0;
    const budget = createCpuBudget(2, () => used);
    for (let now = 0; now < 3_600_000; now += 100) budget.restAfter(now, 100);
    let now = 3_600_000;
    const from = now;
    while (now - from < 36_000) {
      used += 9;
      now += 9;
      now += budget.restAfter(now, 100);
    }

    expect((100 * used) / (now - from)).toBeLessThanOrEqual(2);
  });
});
