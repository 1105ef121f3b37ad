import { findLocalOrigin } from '../../delivery/post';
import { serve } from '../../serve';
import { connectWebhook, nowhere } from './channel';
import { webhook } from './descriptor';

export const handler = serve({
  name: 'webhook',
  descriptor: webhook,
  nowhere,
  connect: ({ secret, section }) => connectWebhook({ secret, section, trusted: findLocalOrigin() }),
});
