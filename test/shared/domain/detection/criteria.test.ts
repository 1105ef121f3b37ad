import type { Criteria } from '../../../../shared/domain/configuration';
import { violates } from '../../../../shared/domain/detection/criteria';
import type { MetricValue } from '../../../../shared/domain/findings/violation';
import { criteria } from './judging';

describe('violates: criteria describe what is normal', () => {
  it.each<[Criteria['comparisonOperator'], Criteria['value'], MetricValue, boolean | undefined]>([
    ['less-than', { count: 10 }, { count: 54 }, true],
    ['less-than', { count: 10 }, { count: 10 }, true],
    ['less-than', { count: 10 }, { count: 9 }, false],
    ['less-than-equals', { number: 0 }, { number: 0 }, false],
    ['less-than-equals', { number: 0 }, { number: 1 }, true],
    ['greater-than', { number: 75 }, { number: 75 }, true],
    ['greater-than', { number: 75 }, { number: 76 }, false],
    ['greater-than-equals', { number: 20 }, { number: 20 }, false],
    ['greater-than-equals', { number: 20 }, { number: 19.9 }, true],
    ['in-port-set', { ports: [443, 80] }, { ports: [80] }, false],
    ['in-port-set', { ports: [443, 80] }, { ports: [80, 23] }, true],
    ['in-port-set', { ports: [443, 80] }, { ports: [] }, false],
    ['not-in-port-set', { ports: [23] }, { ports: [23, 80] }, true],
    ['not-in-port-set', { ports: [23] }, { ports: [80] }, false],
    ['in-set', { strings: ['a', 'b'] }, { strings: ['a', 'c'] }, true],
    ['not-in-set', { numbers: [1] }, { numbers: [2] }, false],
    ['in-set', { strings: ['a'] }, { strings: [] }, false],
    ['in-set', { numbers: [1, 2] }, { numbers: [2, 1, 1] }, false],
    ['in-set', { numbers: [1, 2] }, { numbers: [1, 3] }, true],
    ['not-in-set', { strings: ['sh'] }, { strings: ['myapp', 'sh'] }, true],
    [
      'in-cidr-set',
      { cidrs: ['10.0.0.0/8', '2001:db8::/32'] },
      { cidrs: ['10.1.2.3', '2001:db8::7'] },
      false,
    ],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['10.1.2.3', '11.0.0.1'] }, true],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['::ffff:10.1.2.3'] }, false],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['2001:db8::7'] }, true],
    ['in-cidr-set', { cidrs: ['10.0.0.1'] }, { cidrs: ['10.0.0.1'] }, false],
    ['in-cidr-set', { cidrs: ['10.0.0.1'] }, { cidrs: ['10.0.0.2'] }, true],
    ['in-cidr-set', { cidrs: ['0.0.0.0/0'] }, { cidrs: ['8.8.8.8'] }, false],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { cidrs: [] }, false],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { cidrs: ['10.1.2.3; DROP'] }, true],
    ['in-cidr-set', { cidrs: ['8.0.0.0/8'] }, { cidrs: ['010.1.2.3'] }, true],
    ['not-in-cidr-set', { cidrs: ['192.0.2.0/24'] }, { cidrs: ['10.0.0.1', '192.0.2.9'] }, true],
    ['not-in-cidr-set', { cidrs: ['192.0.2.0/24'] }, { cidrs: ['192.0.3.9'] }, false],
    ['in-cidr-set', { cidrs: ['10.0.0.0/8'] }, { strings: ['10.0.0.1'] }, undefined],
    ['in-set', { strings: ['a'] }, { numbers: [1] }, undefined],
    ['not-in-set', { strings: ['a'] }, { numbers: [] }, undefined],
    ['not-in-set', { numbers: [1] }, { strings: ['1'] }, undefined],
    ['in-port-set', { ports: [1] }, { numbers: [1] }, undefined],
    ['in-set', { strings: [] }, { strings: ['a'] }, true],
    ['not-in-set', { strings: [] }, { strings: ['a'] }, false],
    ['in-cidr-set', { cidrs: [] }, { cidrs: ['10.0.0.1'] }, true],
    ['not-in-cidr-set', { cidrs: ['fe80::/10'] }, { cidrs: ['fe80::1%eth0'] }, true],
    ['less-than', { count: 10 }, { ports: [1] }, undefined],
    ['in-set', { strings: ['a'] }, { number: 1 }, undefined],
  ])('%s %j with %j: %s', (operator, bound, value, expected) => {
    expect(violates(value, criteria(operator, bound))).toBe(expected);
  });
});
