import type { SecurityProfile } from '../../../shared/domain/configuration';
import { aConfiguration } from '../../builders';

export const hourMs = 3_600_000;

export function aBehavior(metric: string, criteria: object): SecurityProfile['behaviors'] {
  const standard = aConfiguration().securityProfiles['myapp-processes']?.behaviors[0];
  if (!standard) throw new Error('no behavior');
  const { consecutiveDatapointsToAlarm, consecutiveDatapointsToClear } = standard.criteria;
  return [
    {
      name: 'b',
      metric,
      suppressAlerts: false,
      criteria: { consecutiveDatapointsToAlarm, consecutiveDatapointsToClear, ...criteria },
    },
  ];
}
