import { findLocalOrigin } from '../../delivery/post';
import { serve } from '../../serve';
import { connectTeams, nowhere } from './channel';
import { teams } from './descriptor';

export const handler = serve({
  name: 'teams',
  descriptor: teams,
  nowhere,
  connect: ({ secret }) => connectTeams({ secret, trusted: findLocalOrigin() }),
});
