import { createCpuBudget } from '../../../agent/processes/cpu-budget';

/** Plays looks that cost this many milliseconds of a processor, and gives the share used and the time between two looks. */
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
  it('leaves the interval as it is where looks are cheap', () => {
    expect(play(2, () => 1).everyMs).toBeCloseTo(101, 0);
  });

  it.each([
    ['500 threads', 6.9],
    ['a scan each time', 40],
    ['2,000 living children', 46],
    ['more than that', 150],
  ])('looks as often as it may with %s, and no more', (_what, costMs) => {
    const { percent, everyMs, told } = play(2, () => costMs);

    expect(percent).toBeGreaterThan(1.8);
    expect(percent).toBeLessThan(2.2);
    expect(Math.abs((told ?? 0) / everyMs - 1)).toBeLessThan(0.05);
  });

  it('pays for a dear look now and then with the cheap ones around it', () => {
    const { percent, everyMs } = play(2, (index) => (index % 100 === 0 ? 60 : 0.5));

    expect(percent).toBeLessThan(2);
    expect(everyMs).toBeLessThan(120);
  });

  it('does not look less often after its start for a handshake and code that runs for the first time, once', () => {
    let used = 0;
    const budget = createCpuBudget(2, () => used);
    budget.restAfter(0, 100);
    used += 150;

    expect(budget.restAfter(200, 100)).toBe(100);
    used += 150;
    expect(budget.restAfter(400, 100)).toBeGreaterThan(1000);
  });

  it('looks every ten seconds at least, however dear it is', () => {
    const { everyMs } = play(1, () => 500);

    expect(everyMs).toBeGreaterThan(9000);
    expect(everyMs).toBeLessThanOrEqual(10_500);
  });
});
