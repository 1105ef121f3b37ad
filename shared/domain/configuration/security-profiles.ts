import * as z from 'zod/mini';
import { registryName } from '../text';
import { name } from './fields';

export const metricName = name.check(
  z.refine((text) => !/^(aws|cordon):/.test(text), {
    message: 'a custom metric must not start with aws: or cordon:',
  }),
);

export const customMetric = z.strictObject({
  type: z.enum(['number', 'number-list', 'string-list', 'ip-address-list']),
  displayName: z.optional(z.string().check(z.maxLength(128))),
});

const criteriaValue = z
  .strictObject({
    count: z.optional(z.int().check(z.gte(0))),
    number: z.optional(z.number()),
    numbers: z.optional(z.array(z.number()).check(z.minLength(1))),
    strings: z.optional(z.array(z.string()).check(z.minLength(1))),
    ports: z.optional(z.array(z.int().check(z.gte(0), z.lte(65_535))).check(z.minLength(1))),
    cidrs: z.optional(z.array(z.string().check(z.minLength(2), z.maxLength(43))).check(z.minLength(1))),
  })
  .check(
    z.refine((value) => Object.keys(value).length === 1, {
      message: 'expected exactly one of count, number, numbers, strings, ports, cidrs',
    }),
  );

const comparisonOperators = [
  'less-than',
  'less-than-equals',
  'greater-than',
  'greater-than-equals',
  'in-set',
  'not-in-set',
  'in-port-set',
  'not-in-port-set',
  'in-cidr-set',
  'not-in-cidr-set',
] as const;

/** Percentiles of the API; `p0.01` and the like are its own words. */
const statistics = [
  'p0',
  'p0.1',
  'p0.01',
  'p1',
  'p10',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'p99.99',
  'p100',
] as const;

const criteria = z
  .strictObject({
    comparisonOperator: z.optional(z.enum(comparisonOperators)),
    value: z.optional(criteriaValue),
    statisticalThreshold: z.optional(z.strictObject({ statistic: z.enum(statistics) })),
    mlDetectionConfig: z.optional(z.strictObject({ confidenceLevel: z.enum(['LOW', 'MEDIUM', 'HIGH']) })),
    durationSeconds: z.optional(z.literal([300, 600, 900, 1800, 3600])),
    consecutiveDatapointsToAlarm: z._default(z.int().check(z.gte(1), z.lte(10)), 1),
    consecutiveDatapointsToClear: z._default(z.int().check(z.gte(1), z.lte(10)), 1),
  })
  .check(
    z.refine(
      ({ value, statisticalThreshold, mlDetectionConfig }) =>
        [value, statisticalThreshold, mlDetectionConfig].filter((kind) => kind !== undefined).length === 1,
      { message: 'expected exactly one of value, statisticalThreshold, mlDetectionConfig' },
    ),
  );

const behavior = z.strictObject({
  name,
  metric: z.string().check(z.regex(registryName, 'expected a metric name')),
  /** A dimension that the account has, whose topics filter what the metric counts. */
  metricDimension: z.optional(
    z.strictObject({ dimensionName: name, operator: z._default(z.enum(['IN', 'NOT_IN']), 'IN') }),
  ),
  criteria,
  suppressAlerts: z._default(z.boolean(), false),
});

const target = z
  .string()
  .check(
    z.regex(
      /^(all\/(registered-things|unregistered-things|things)|thinggroup\/[a-zA-Z0-9:_-]{1,128})$/,
      'expected all/registered-things, all/unregistered-things, all/things or thinggroup/NAME',
    ),
  );

export const securityProfile = z.strictObject({
  description: z.optional(z.string().check(z.maxLength(1000))),
  targets: z.array(target).check(z.minLength(1), z.maxLength(100)),
  behaviors: z.array(behavior).check(z.minLength(1), z.maxLength(100)),
  additionalMetricsToRetain: z._default(z.array(z.string()), []),
});
