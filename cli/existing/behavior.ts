import type { Behavior as AwsBehavior } from '@aws-sdk/client-iot';
import type { Behavior } from '../../shared/domain/configuration';

/** A behavior of the account in the form of cordon.yml. What cordon.yml would refuse in it stays as it is. */
export function readBehavior({
  name = '',
  metric = 'none',
  criteria,
  suppressAlerts,
}: AwsBehavior): Behavior {
  return {
    name,
    metric,
    criteria: {
      consecutiveDatapointsToAlarm: 1,
      consecutiveDatapointsToClear: 1,
      ...(criteria as Partial<Behavior['criteria']>),
    },
    suppressAlerts: suppressAlerts ?? false,
  };
}
