import type { ClientUser } from '../domain/client-ids';
import { findBitesAt } from '../domain/policy-denials';
import { isRefusal } from '../errors';
import type { MitigationAction, MitigationContext, PriorOf } from './action';

type Prior = PriorOf<'disconnect'>;

/**
 * Cuts the live session, which a policy change leaves open, and does so again at every reconnect until the denial has
 * spread: IoT Core may go on with cached policies for 6 to 8 minutes.
 */
export const disconnect: MitigationAction<Prior> = {
  async apply(prior, context) {
    const { clientIds, left } = await listClientIds(prior, context);
    const cut = await askEach(clientIds, context, (clientId) => context.connections.cut(clientId));
    const ended = cut.answers.flatMap(({ clientId, answer }) => (answer ? clientId : []));
    const what = ended.length > 0 ? `session of ${ended.join(', ')} ended` : 'was not connected';
    return { result: 'done', detail: [what, ...left, ...cut.refusals].join('; ') };
  },

  async verify(prior, context) {
    const { connections, deniedAt, policyCacheMs } = context;
    const bitesAt = findBitesAt(deniedAt, policyCacheMs);
    const { clientIds, left } = await listClientIds(prior, context);
    const seen = await askEach(clientIds, context, (clientId) => connections.connectedSince(clientId));
    const old = seen.answers.find(
      ({ answer }) => answer !== undefined && (bitesAt === undefined || answer < bitesAt),
    );
    if (old)
      return {
        result: 'not-so',
        detail: `${old.clientId} is connected with a session older than the denial`,
      };
    return {
      result: 'done',
      detail: ['no session with the old rights', ...left, ...seen.refusals].join('; '),
    };
  },

  async revert() {
    return { result: 'done', detail: 'nothing to undo: the device may connect' };
  },
};

const unheard = 'its certificates had more client ids than are kept: AWS ends sessions under those by itself';

/** What no request of the data plane can name: a `$` in front (API reference, DeleteConnection), steps of a path. */
const unnameable = /^(\$.*|\.{1,2})$/s;

/**
 * The ids that the device may be connected under now: its own, and others that its certificates used, unless somebody
 * else connected under them since, who must not be cut for it. `left` says which can't be cut, and why.
 */
async function listClientIds({ clientIds }: Prior, context: MitigationContext) {
  const { thingName, heldCertificates, heardIds } = context;
  const known = await Promise.all(heldCertificates.map((id) => heardIds.list(id)));
  const all = new Set([...clientIds, ...known.flatMap((one) => one.clientIds)]);
  const users = await Promise.all(
    [...all].map(async (clientId) => {
      const user = clientId === thingName ? undefined : await heardIds.findUser(clientId);
      return user === undefined || isOwn(user, context) ? clientId : undefined;
    }),
  );
  const own = users.filter((clientId) => clientId !== undefined);
  const unnamed = own.filter((clientId) => unnameable.test(clientId));
  return {
    clientIds: own.filter((clientId) => !unnameable.test(clientId)),
    left: [
      ...(unnamed.length > 0 ? [`AWS IoT takes no request for ${unnamed.join(', ')}`] : []),
      ...(known.some(({ incomplete }) => incomplete) ? [unheard] : []),
    ],
  };
}

/** A certificate that was taken from the thing while it is held is still the device's. */
function isOwn(
  { certificateId, thingName }: ClientUser,
  { ownCertificates, heldCertificates, thingName: own }: MitigationContext,
): boolean {
  return (
    thingName === own || ownCertificates.includes(certificateId) || heldCertificates.includes(certificateId)
  );
}

/**
 * Asks for all ids before any fault counts. What AWS refuses for an id that the device chose is told, and doesn't make
 * the cut of the others fail.
 */
async function askEach<T>(
  clientIds: readonly string[],
  { thingName }: MitigationContext,
  ask: (clientId: string) => Promise<T>,
) {
  const settled = await Promise.allSettled(clientIds.map(ask));
  const answers: { readonly clientId: string; readonly answer: T }[] = [];
  const refusals: string[] = [];
  for (const [index, result] of settled.entries()) {
    const clientId = clientIds[index] ?? '';
    if (result.status === 'fulfilled') answers.push({ clientId, answer: result.value });
    else if (clientId === thingName || !isRefusal(result.reason)) throw result.reason;
    else refusals.push(`${clientId}: ${result.reason.name}`);
  }
  return { answers, refusals };
}
