import { jest } from '@jest/globals';
import { startLooking } from '../../../agent/delivery/looks';

describe('the samples of the agent', () => {
  let stop: (() => void) | undefined;
  let looks: number[];
  let meanwhile: number[];
  let standstills: number[];
  let standsStillMs: number;
  beforeEach(() => {
    jest.useFakeTimers();
    [looks, meanwhile, standstills, standsStillMs] = [[], [], [], 0];
  });
  afterEach(() => {
    stop?.();
    jest.useRealTimers();
  });
  const clock = () => performance.now() + standsStillMs;
  function start(restAfter: (now: number, tookMs: number) => number, look = () => undefined): void {
    const from = clock();
    stop = startLooking({
      look: (now) => {
        looks.push(Math.round(now - from));
        look();
      },
      meanwhile: () => meanwhile.push(Math.round(clock() - from)),
      mostQuietMs: 10_000,
      restAfter,
      clock,
      onStandstill: (ms) => standstills.push(Math.round(ms)),
    });
  }

  it('follow one another with one rest in between', () => {
    start(() => 100);
    jest.advanceTimersByTime(350);

    expect(looks).toEqual([0, 100, 200, 300]);
    expect([meanwhile, standstills]).toEqual([[], []]);
  });

  it('do not delay urgent work during a long rest', () => {
    start(() => 25_000);
    jest.advanceTimersByTime(51_000);

    expect(looks).toEqual([0, 25_000, 50_000]);
    expect(meanwhile).toEqual([10_000, 20_000, 35_000, 45_000]);
    expect(standstills).toEqual([]);
  });

  it.each([
    ['in a rest', 100, () => undefined],
    ['in a long rest', 25_000, () => undefined],
  ])('show that the agent stood still %s', (_when, restMs, look) => {
    start(() => restMs, look);
    jest.advanceTimersByTime(50);
    standsStillMs += 7000;
    jest.advanceTimersByTime(30_000);

    expect(standstills).toEqual([7000]);
  });

  it('show that the agent stood still during a sample', () => {
    let hasStood = false;
    start(
      () => 100,
      () => {
        if (looks.length === 2) standsStillMs += hasStood ? 0 : 8000;
        hasStood = looks.length === 2;
      },
    );
    jest.advanceTimersByTime(1000);

    expect(standstills).toEqual([8000]);
  });

  it('are not delayed by the time in which the agent stood still', () => {
    const rested: number[] = [];
    const from = clock();
    start((now) => {
      rested.push(Math.round(now - from));
      return 100;
    });
    jest.advanceTimersByTime(150);
    standsStillMs += 60_000;
    jest.advanceTimersByTime(100);

    expect(rested).toEqual([0, 100, 200]);
  });

  it('end when they are stopped', () => {
    start(() => 100);
    stop?.();
    jest.advanceTimersByTime(1000);

    expect(looks).toEqual([0]);
  });
});
