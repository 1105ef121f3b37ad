import { writeSparkline } from '../../../cli/look/sparkline';

describe('a sparkline', () => {
  it('scales each value between the least and the greatest, and has a space for a missing value', () => {
    expect(writeSparkline([0, undefined, 7, 3]).join('')).toBe('▁ █▄');
    expect(writeSparkline([5, 5]).join('')).toBe('▁▁');
  });

  it('measures by values that share a column with a greater one, too', () => {
    expect(writeSparkline([undefined, 3], [0, 3]).join('')).toBe(' █');
  });
});
