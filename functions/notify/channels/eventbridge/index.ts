import { connectEvents } from '../../../../shared/aws/events';
import { serve } from '../../serve';
import { connectEventBridge, nowhere } from './channel';
import { eventbridge } from './descriptor';

const events = connectEvents();

export const handler = serve({
  name: 'eventbridge',
  descriptor: eventbridge,
  nowhere,
  connect: ({ section }) => connectEventBridge({ section, events }),
});
