import fc from 'fast-check';
import { chooseStimulus, writeReport } from '../../../cli/drill/stimulus';
import type { Configuration } from '../../../shared/domain/configuration';
import { configurationSchema } from '../../../shared/domain/configuration';
import { violates } from '../../../shared/domain/detection/criteria';
import { parseNetwork } from '../../../shared/domain/findings/addresses';
import { readReport } from '../../../shared/domain/findings/report';

function configure(metric: string, criteria: object, more: object = {}): Configuration {
  const customMetrics = Object.fromEntries(
    ['number', 'number-list', 'string-list', 'ip-address-list'].map((type) => [type, { type }]),
  );
  const behaviors = [{ name: 'b', metric, criteria }];
  return configurationSchema.parse({
    customMetrics,
    securityProfiles: { p: { targets: ['all/registered-things'], behaviors } },
    playbooks: [{ name: 'enforced', mode: 'enforce', actions: ['quarantine'] }],
    ...more,
  });
}

const numeric = fc.constantFrom('less-than', 'less-than-equals', 'greater-than', 'greater-than-equals');
const count = fc.nat({ max: 2 ** 40 });
const members = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { minLength: 1, maxLength: 5 });
const setOf = (kind: string) => fc.constantFrom(`in-${kind}set`, `not-in-${kind}set`);
const cidr = fc
  .oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.ipV6(), fc.integer({ min: 16, max: 128 })).map(([address, bits]) => `${address}/${bits}`),
  )
  // cordon.yml is refused if a network can't be read or is longer than AWS takes.
  .filter((text) => text.length <= 43 && parseNetwork(text) !== undefined);

/** A metric and criteria of every kind that a device's report can break. */
const behavior = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'aws:all-bytes-out',
      'aws:all-packets-in',
      'aws:num-listening-tcp-ports',
      'aws:num-listening-udp-ports',
      'aws:num-established-tcp-connections',
    ),
    fc.record({ comparisonOperator: numeric, value: fc.record({ count }) }),
  ),
  fc.tuple(
    fc.constant('number'),
    fc.record({
      comparisonOperator: numeric,
      value: fc.record({
        number: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
      }),
    }),
  ),
  fc.tuple(
    fc.constantFrom('aws:listening-tcp-ports', 'aws:listening-udp-ports'),
    fc.record({
      comparisonOperator: setOf('port-'),
      value: fc.record({ ports: members(fc.integer({ min: 1, max: 65_535 })) }),
    }),
  ),
  fc.tuple(
    fc.constantFrom('aws:destination-ip-addresses', 'ip-address-list'),
    fc.record({ comparisonOperator: setOf('cidr-'), value: fc.record({ cidrs: members(cidr) }) }),
  ),
  fc.tuple(
    fc.constant('number-list'),
    fc.record({ comparisonOperator: setOf(''), value: fc.record({ numbers: members(fc.integer()) }) }),
  ),
  fc.tuple(
    fc.constant('string-list'),
    fc.record({
      comparisonOperator: setOf(''),
      value: fc.record({ strings: members(fc.string({ maxLength: 20 })) }),
    }),
  ),
);

describe('the values of a drill', () => {
  it('violate and conform by the rule of the detector, also once they went through a report', () => {
    fc.assert(
      fc.property(behavior, ([metric, criteria]) => {
        const configuration = configure(metric, criteria);
        let stimulus: ReturnType<typeof chooseStimulus>;
        try {
          stimulus = chooseStimulus(configuration);
        } catch (error) {
          // No value that a device can report is out of these bounds.
          expect(String(error)).toMatch(/no value that a device reports is out of its bounds/);
          expect(['greater-than-equals', 'in-cidr-set']).toContain(criteria.comparisonOperator);
          return;
        }
        const [{ criteria: parsed } = { criteria: {} }] = configuration.securityProfiles.p?.behaviors ?? [];
        for (const [value, wanted] of [
          [stimulus.violating, true],
          [stimulus.normal, false],
        ] as const) {
          if (value === undefined) continue;
          const read = readReport(JSON.parse(JSON.stringify(writeReport(stimulus, value, 7))));
          const seen = read.kind === 'report' ? read.report.metrics[metric] : undefined;
          expect([seen, seen && violates(seen, parsed as never)]).toEqual([expect.anything(), wanted]);
        }
      }),
      // A report keeps no number so small.
      { examples: [[['number', { comparisonOperator: 'less-than-equals', value: { number: -5e-324 } }]]] },
    );
  });

  it('are those of the first behavior that an enforcing playbook applies to, or of the named behavior', () => {
    const bound = (number: number) => ({ comparisonOperator: 'less-than-equals', value: { number } });
    const configuration = configure('number', bound(0), {
      securityProfiles: {
        p: {
          targets: ['all/registered-things'],
          behaviors: [
            { name: 'observed', metric: 'number', criteria: bound(1) },
            {
              name: 'enforced',
              metric: 'number',
              criteria: { ...bound(2), consecutiveDatapointsToAlarm: 3 },
            },
            { name: 'later', metric: 'number', criteria: bound(3) },
          ],
        },
      },
      playbooks: [
        { name: 'observing', when: { behavior: 'observed' }, mode: 'observe' },
        { name: 'enforcing', mode: 'enforce', actions: ['quarantine'] },
      ],
    });
    expect(chooseStimulus(configuration)).toMatchObject({
      behaviorName: 'enforced',
      reports: 3,
      violating: { number: 3 },
    });
    expect(chooseStimulus(configuration, 'p/later')).toMatchObject({ behaviorName: 'later' });
    expect(() => chooseStimulus(configuration, 'p/observed')).toThrow(
      'no playbook of mode enforce applies to p/observed',
    );
  });

  it.each([
    [
      'aws:num-messages-sent',
      { comparisonOperator: 'less-than', value: { count: 1 }, durationSeconds: 300 },
      {},
      /is not in the reports of a device/,
    ],
    [
      'number',
      { statisticalThreshold: { statistic: 'p90' }, comparisonOperator: 'less-than', durationSeconds: 300 },
      {},
      /it depends on the fleet/,
    ],
    [
      'number',
      { comparisonOperator: 'less-than', value: { number: 1 } },
      { playbooks: [{ name: 'only', mode: 'approve', actions: ['quarantine'] }] },
      /no playbook of mode enforce that applies to a behavior/,
    ],
    [
      'number',
      { comparisonOperator: 'less-than', value: { number: 1 } },
      {
        playbooks: [{ name: 'only', when: { thingGroup: 'some' }, mode: 'enforce', actions: ['quarantine'] }],
      },
      /no playbook of mode enforce that applies to a behavior/,
    ],
  ])('are refused with the reason for %s %j %j', (metric, criteria, more, message) => {
    expect(() => chooseStimulus(configure(metric, criteria, more))).toThrow(message);
  });
});
