import { findFleetLimit } from '../../../shared/domain/guards';
import { aConfiguration } from '../../builders';

const limit = (things: number, percent: number | undefined, size: number | undefined) => {
  const { guards } = aConfiguration();
  const fleetLimit = { things, within: 600_000, ...(percent !== undefined && { percent }) };
  return findFleetLimit({ ...guards, fleetLimit }, size);
};

describe('the fleet limit', () => {
  it.each([
    ['is the number of things where there is no percentage', 10, undefined, undefined, 10],
    ['is the percentage where that is less', 10, 5, 100, 5],
    ['is the number where the percentage is more', 10, 5, 10_000, 10],
    ['rounds down, but lets one thing be contained', 10, 5, 7, 1],
    ['is one thing while the fleet was never counted', 10, 5, undefined, 1],
  ])('%s', (_rule, things, percent, size, expected) => {
    expect(limit(things, percent, size)).toBe(expected);
  });
});
