import { serve } from '../../serve';
import { connectSlack } from './client';
import { slack } from './descriptor';
import { createSlackChannel, nowhere } from './show';

export const handler = serve({
  name: 'slack',
  descriptor: slack,
  nowhere,
  connect: ({ secret, endpoint, section: { channel } }) =>
    createSlackChannel(connectSlack({ secret, channel, apiUrl: endpoint })),
});
