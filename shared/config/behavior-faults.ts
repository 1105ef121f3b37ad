import type { Behavior, Configuration } from '../domain/configuration';
import { boundOf, missed } from '../domain/detection/agent-silence';
import {
  cordonMetricNames,
  disconnectDuration,
  findMetric,
  type Metric,
  missedReports,
  type ValueKey,
} from '../domain/detection/metrics';
import { parseNetwork } from '../domain/findings/addresses';

/** An error in a behavior: the wrong field, and what to write instead. */
export interface BehaviorFault {
  readonly field: readonly (string | number)[];
  readonly message: string;
}

const operators: Readonly<Record<ValueKey, RegExp>> = {
  count: /^(less|greater)-than/,
  number: /^(less|greater)-than/,
  numbers: /^(not-)?in-set$/,
  strings: /^(not-)?in-set$/,
  ports: /^(not-)?in-port-set$/,
  cidrs: /^(not-)?in-cidr-set$/,
};

const bounds = 'less-than, less-than-equals, greater-than or greater-than-equals';
const operatorNames: Readonly<Record<ValueKey, string>> = {
  count: bounds,
  number: bounds,
  numbers: 'in-set or not-in-set',
  strings: 'in-set or not-in-set',
  ports: 'in-port-set or not-in-port-set',
  cidrs: 'in-cidr-set or not-in-cidr-set',
};

const isNumeric = ({ key }: Metric) => key === 'count' || key === 'number';

/** Errors that Device Defender would refuse, and behaviors that the cordon detector can't evaluate. */
export function findBehaviorFaults(behavior: Behavior, configuration: Configuration): BehaviorFault[] {
  const { metric: name } = behavior;
  const metric = findMetric(name, configuration.customMetrics);
  if (!metric) {
    const message = name.startsWith('aws:')
      ? `Device Defender has no metric ${name}: check the spelling`
      : name.startsWith('cordon:')
        ? `Cordon has no metric ${name}, only ${cordonMetricNames.join(', ')}`
        : `${name} is not among customMetrics: define it there, or check the spelling`;
    return [{ field: ['metric'], message }];
  }
  const unseen =
    configuration.detector === 'cordon' ? findUnseen(behavior, metric) : findUnknown(name, metric);
  if (unseen.length > 0) return unseen;
  const { value, statisticalThreshold, mlDetectionConfig } = behavior.criteria;
  const dimension = findDimensionFaults(behavior);
  if (mlDetectionConfig) return [...dimension, ...findMlFaults(behavior, metric)];
  return [
    ...dimension,
    ...findOperatorFaults(behavior, metric),
    ...(value ? findValueFaults(name, metric, value) : []),
    ...(statisticalThreshold ? findStatisticFaults(name, metric) : []),
    ...findDurationFaults(behavior, metric),
    ...findMissedFaults(behavior),
  ];
}

/** Behaviors that only Device Defender can evaluate: refused with detector `cordon`, left to AWS with `both`. */
function findUnseen({ metric: name, metricDimension, criteria }: Behavior, metric: Metric): BehaviorFault[] {
  const instead = 'use detector device-defender or both, or leave the behavior out';
  if (metricDimension)
    return [
      { field: ['metricDimension'], message: `only Device Defender filters by a dimension: ${instead}` },
    ];
  if (criteria.mlDetectionConfig)
    return [
      {
        field: ['criteria', 'mlDetectionConfig'],
        message: `only Device Defender detects by machine learning: ${instead}`,
      },
    ];
  if (criteria.statisticalThreshold && metric.source === 'lifecycle')
    return [
      {
        field: ['criteria', 'statisticalThreshold'],
        message: `only Device Defender has percentiles of ${name}: write a value, or ${instead}`,
      },
    ];
  if (metric.source !== 'device-defender') return [];
  return [
    {
      field: ['metric'],
      message: `only Device Defender sees ${name}, the cordon detector does not: ${instead}`,
    },
  ];
}

/** AWS would refuse the profile. */
function findUnknown(name: string, { source }: Metric): BehaviorFault[] {
  return source === 'agent'
    ? [{ field: ['metric'], message: `Device Defender does not know ${name}: it needs detector cordon` }]
    : [];
}

/** Metrics that a dimension may filter (docs/facts.md#metrics-and-behaviors). */
const filtered: readonly string[] = [
  'aws:message-byte-size',
  'aws:num-messages-sent',
  'aws:num-messages-received',
  'aws:num-authorization-failures',
  'aws:source-ip-address',
];

function findDimensionFaults({ metric, metricDimension }: Behavior): BehaviorFault[] {
  if (!metricDimension || filtered.includes(metric)) return [];
  return [
    { field: ['metricDimension'], message: `${metric} has no dimensions, only ${filtered.join(', ')} have` },
  ];
}

function findMissedFaults({ metric, criteria }: Behavior): BehaviorFault[] {
  if (metric !== missedReports) return [];
  const bound = boundOf(criteria);
  if (criteria.statisticalThreshold || bound === undefined)
    return [
      {
        field: ['criteria'],
        message: `${metric} needs a number as upper bound: less-than or less-than-equals`,
      },
    ];
  if (bound < missed)
    return [
      {
        field: ['criteria', 'value'],
        message: `a report may be late: less-than ${missed} is the lowest reliable bound`,
      },
    ];
  return criteria.consecutiveDatapointsToAlarm > 1
    ? [
        {
          field: ['criteria', 'consecutiveDatapointsToAlarm'],
          message: 'a silence is evaluated once: use a higher bound instead',
        },
      ]
    : [];
}

function findMlFaults({ metric: name, criteria }: Behavior, metric: Metric): BehaviorFault[] {
  const faults: BehaviorFault[] = [];
  const { comparisonOperator, durationSeconds } = criteria;
  if (!isNumeric(metric) || name === disconnectDuration)
    faults.push({
      field: ['metric'],
      message: `Device Defender has no machine learning for ${name}: write a value`,
    });
  if (comparisonOperator !== undefined || durationSeconds !== undefined)
    faults.push({
      field: ['criteria'],
      message:
        'a behavior with mlDetectionConfig has no comparisonOperator and no durationSeconds: remove them',
    });
  return faults;
}

function findOperatorFaults({ metric: name, criteria }: Behavior, metric: Metric): BehaviorFault[] {
  const { comparisonOperator: operator } = criteria;
  const field = ['criteria', 'comparisonOperator'];
  if (operator === undefined) return [{ field, message: 'expected a comparisonOperator' }];
  // The metric limits how long a device is away, so it needs an upper bound (docs/facts.md#metrics-and-behaviors).
  const isAway = name === disconnectDuration;
  const fits = operators[metric.key].test(operator) && !(isAway && /^greater/.test(operator));
  return fits
    ? []
    : [
        {
          field,
          message: `${operator} does not fit ${name}: expected ${isAway ? 'less-than or less-than-equals' : operatorNames[metric.key]}`,
        },
      ];
}

function findValueFaults(
  name: string,
  { key }: Metric,
  value: NonNullable<Behavior['criteria']['value']>,
): BehaviorFault[] {
  const field = ['criteria', 'value'];
  if (value[key] === undefined)
    return [{ field, message: `${name} is compared with value.${key}: write that` }];
  return (value.cidrs ?? []).flatMap((cidr, index) =>
    parseNetwork(cidr)
      ? []
      : [
          {
            field: [...field, 'cidrs', index],
            message: `${cidr} is not a network such as 10.0.0.0/8 or fd00::/8`,
          },
        ],
  );
}

function findStatisticFaults(name: string, metric: Metric): BehaviorFault[] {
  if (isNumeric(metric) && name !== disconnectDuration) return [];
  return [
    { field: ['criteria', 'statisticalThreshold'], message: `${name} has no percentiles: write a value` },
  ];
}

function findDurationFaults({ metric: name, criteria }: Behavior, metric: Metric): BehaviorFault[] {
  const { durationSeconds, statisticalThreshold } = criteria;
  const field = ['criteria', 'durationSeconds'];
  if (durationSeconds === undefined) {
    if (!metric.sums && !statisticalThreshold) return [];
    const why = metric.sums ? `${name} is a sum over a period` : 'a percentile needs a period';
    return [{ field, message: `${why}: add durationSeconds of 300, 600, 900, 1800 or 3600` }];
  }
  if ((isNumeric(metric) && name !== disconnectDuration) || statisticalThreshold) return [];
  return [{ field, message: `${name} is compared directly: leave durationSeconds out` }];
}
