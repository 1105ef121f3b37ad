import { createBackoff } from '../../../agent/mqtt/backoff';

describe('createBackoff', () => {
  it('waits up to half a second first, then up to twice as long each time, up to a minute', () => {
    const backoff = createBackoff(() => 1);

    expect(Array.from({ length: 10 }, () => backoff.next(0))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('spreads the waits over the whole range', () => {
    expect([createBackoff(() => 0).next(0), createBackoff(() => 0.5).next(0)]).toEqual([0, 250]);
  });

  it('keeps growing while connections end right after they began, as when a publish is denied', () => {
    const backoff = createBackoff(() => 1);

    expect([backoff.next(4999), backoff.next(100), backoff.next(4999)]).toEqual([500, 1000, 2000]);
  });

  it('starts over after a connection that lasted', () => {
    const backoff = createBackoff(() => 1);
    backoff.next(0);
    backoff.next(0);

    expect(backoff.next(5000)).toBe(500);
  });
});
