import type { Behavior as AwsBehavior } from '@aws-sdk/client-iot';
import type { Behavior } from '../../shared/domain/configuration';

/** A behavior of the account in the form of cordon.yml. What cordon.yml would refuse in it stays as it is. */
export function readBehavior(behavior: AwsBehavior): Behavior {
  const { name = '', metric = 'none', metricDimension, criteria, suppressAlerts } = behavior;
  return {
    name,
    metric,
    ...(metricDimension?.dimensionName && {
      metricDimension: {
        dimensionName: metricDimension.dimensionName,
        operator: metricDimension.operator ?? 'IN',
      },
    }),
    criteria: {
      consecutiveDatapointsToAlarm: 1,
      consecutiveDatapointsToClear: 1,
      ...(criteria as Partial<Behavior['criteria']>),
    },
    suppressAlerts: suppressAlerts ?? false,
  };
}
