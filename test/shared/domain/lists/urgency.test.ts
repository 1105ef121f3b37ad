import type { ListedCase } from '../../../../shared/domain/lists/outline';
import { compareUrgency, expiresSoon } from '../../../../shared/domain/lists/urgency';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';

const minute = 60_000;

function aCase(name: string, over: Partial<ListedCase> = {}): ListedCase {
  return {
    ...{ thingName: thingKey(name), caseId: name, severity: 'low', status: 'awaiting-approval' },
    ...{ openedAt: now, updatedAt: now, behaviors: [] },
    ...over,
  };
}

function order(cases: readonly ListedCase[]): string[] {
  return cases.toSorted((one, other) => compareUrgency(one, other, now)).map(({ caseId }) => caseId);
}

describe('the order of urgency', () => {
  it('is by status, then by what expires soon, then by severity, then by the time left', () => {
    expect(
      order([
        aCase('low', { expiresAt: now + 60 * minute }),
        aCase('critical-later', { severity: 'critical', expiresAt: now + 90 * minute }),
        aCase('contained', { status: 'contained', severity: 'critical' }),
        aCase('critical', { severity: 'critical', expiresAt: now + 80 * minute }),
        aCase('low-and-soon', { expiresAt: now + 5 * minute }),
        aCase('failed', { status: 'containment-failed' }),
      ]),
    ).toEqual(['failed', 'low-and-soon', 'critical', 'critical-later', 'low', 'contained']);
  });

  it('orders equal cases by age, then by the name of the thing, and never by the last change', () => {
    expect(
      order([
        aCase('b', { updatedAt: now + 9 }),
        aCase('a', { updatedAt: now + 1 }),
        aCase('c', { openedAt: now - 1 }),
      ]),
    ).toEqual(['c', 'a', 'b']);
  });

  it('treats less than a quarter of an hour as soon', () => {
    expect(expiresSoon(now + 15 * minute - 1, now)).toBe(true);
    expect(expiresSoon(now + 15 * minute, now)).toBe(false);
    expect(expiresSoon(undefined, now)).toBe(false);
  });
});
