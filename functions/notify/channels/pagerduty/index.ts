import { serve } from '../../serve';
import { connectPagerDuty, nowhere } from './channel';
import { pagerduty } from './descriptor';

export const handler = serve({
  name: 'pagerduty',
  descriptor: pagerduty,
  nowhere,
  connect: connectPagerDuty,
});
