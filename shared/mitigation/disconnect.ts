import { findBitesAt } from '../domain/policy-denials';
import type { MitigationAction, PriorOf } from './action';

/**
 * Cuts the live session, which a policy change leaves open, and does so again at every reconnect until the denial has
 * spread: IoT Core may go on with cached policies for 6 to 8 minutes.
 */
export const disconnect: MitigationAction<PriorOf<'disconnect'>> = {
  async apply({ clientIds }, { connections }) {
    const cut = await Promise.all(
      clientIds.map(async (clientId) => ((await connections.cut(clientId)) ? clientId : undefined)),
    );
    const ended = cut.filter((clientId) => clientId !== undefined);
    return {
      result: 'done',
      detail: ended.length > 0 ? `session of ${ended.join(', ')} ended` : 'was not connected',
    };
  },

  async verify({ clientIds }, { connections, deniedAt, policyCacheMs }) {
    const bitesAt = findBitesAt(deniedAt, policyCacheMs);
    for (const clientId of clientIds) {
      const since = await connections.connectedSince(clientId);
      if (since === undefined) continue;
      if (bitesAt === undefined || since < bitesAt)
        return { result: 'not-so', detail: `${clientId} is connected with a session older than the denial` };
    }
    return { result: 'done', detail: 'no session with the old rights' };
  },

  async revert() {
    return { result: 'done', detail: 'nothing to undo: the device may connect' };
  },
};
