import { agentClientId } from '../domain/names';
import { findBitesAt } from '../domain/policy-denials';
import type { MitigationAction, MitigationContext, PriorOf } from './action';

type Prior = PriorOf<'disconnect'>;

/**
 * Cuts the live session, which a policy change leaves open, and does so again at every reconnect until the denial has
 * spread: IoT Core may go on with cached policies for 6 to 8 minutes.
 */
export const disconnect: MitigationAction<Prior> = {
  async apply(prior, context) {
    const { clientIds, incomplete } = await listClientIds(prior, context);
    const cut = await Promise.all(
      clientIds.map(async (clientId) => ((await context.connections.cut(clientId)) ? clientId : undefined)),
    );
    const ended = cut.filter((clientId) => clientId !== undefined);
    const what = ended.length > 0 ? `session of ${ended.join(', ')} ended` : 'was not connected';
    return { result: 'done', detail: `${what}${incomplete ? unheard : ''}` };
  },

  async verify(prior, context) {
    const { connections, deniedAt, policyCacheMs } = context;
    const bitesAt = findBitesAt(deniedAt, policyCacheMs);
    for (const clientId of (await listClientIds(prior, context)).clientIds) {
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

const unheard =
  '; its certificates had more client ids than are kept: AWS ends sessions under those by itself';

/**
 * The ids that the device may be connected under now: its own, and others that its certificates used, unless somebody
 * else connected under them since, who must not be cut for it.
 */
async function listClientIds({ clientIds }: Prior, context: MitigationContext) {
  const { thingName, heldCertificates, ownCertificates, heardIds } = context;
  const known = await Promise.all(heldCertificates.map((id) => heardIds.list(id)));
  const all = new Set([...clientIds, ...known.flatMap((one) => one.clientIds)]);
  const users = await Promise.all(
    [...all].map(async (clientId) => {
      const isOwn = clientId === thingName || clientId === agentClientId(thingName);
      const user = isOwn ? undefined : await heardIds.findUser(clientId);
      return user === undefined || ownCertificates.includes(user) ? clientId : undefined;
    }),
  );
  return {
    clientIds: users.filter((clientId) => clientId !== undefined),
    incomplete: known.some(({ incomplete }) => incomplete),
  };
}
