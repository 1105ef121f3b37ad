import type { ClientUser } from '../domain/case/client-ids';
import type { Detail } from '../domain/case/details';
import { findBitesAt } from '../domain/case/policy-denials';
import { isRefusal } from '../errors';
import { done, type MitigationAction, type MitigationContext, type PriorOf, unverified } from './action';

type Prior = PriorOf<'disconnect'>;

/**
 * Cuts the live session, which a policy change leaves open, and does so again at every reconnect until the denial has
 * spread: IoT Core may use cached policies for 6 to 8 minutes.
 */
export const disconnect: MitigationAction<Prior> = {
  rights: () => ({
    always: [{ actions: ['iot:DeleteConnection', 'iot:GetConnection'], resources: ['client/*'] }],
  }),

  async apply(prior, context) {
    const { answers, left } = await askAll(prior, context, context.connections.cut);
    const ended = answers.flatMap(({ clientId, answer }) => (answer ? clientId : []));
    return done({ code: 'sessions-ended', clientIds: ended }, ...left);
  },

  async verify(prior, context) {
    const { connections, deniedAt, policyCacheMs, clock } = context;
    const bitesAt = findBitesAt(deniedAt, policyCacheMs);
    const { answers, left } = await askAll(prior, context, connections.connectedSince);
    const old = answers.find(
      ({ answer }) => answer !== undefined && (bitesAt === undefined || answer < bitesAt),
    );
    if (old) return unverified({ code: 'old-session', clientId: old.clientId });
    // A session that can be neither ended nor looked up may continue until the policies have spread.
    const unseen = left.find(({ code }) => code === 'clients-unnameable' || code === 'client-refused');
    if (unseen && (bitesAt === undefined || clock() < bitesAt)) return unverified(unseen);
    return done({ code: 'no-old-session' }, ...left);
  },

  async revert() {
    return done({ code: 'may-connect' });
  },
};

/**
 * Client ids that no request of the data plane can name: those that begin with `$` (API reference, DeleteConnection),
 * `.` and `..`, and what is not well-formed, which no address can have.
 */
const isUnnameable = (clientId: string) => /^(\$.*|\.{1,2})$/s.test(clientId) || !clientId.isWellFormed();

type Ask<T> = (clientId: string) => Promise<T>;

/**
 * Handles the ids under which the device may be connected now: its own, and those that its certificates used. A fault
 * with one id is thrown only after all have been tried. `left` names the ids that can't be handled, and why.
 */
async function askAll<T>(prior: Prior, context: MitigationContext, ask: Ask<T>) {
  const { thingName } = context;
  const [own, others] = await Promise.allSettled([ask(thingName), askOthers(prior, context, ask)]);
  if (own.status === 'rejected') throw own.reason;
  if (others.status === 'rejected') throw others.reason;
  const { answers, left } = others.value;
  return { answers: [{ clientId: thingName, answer: own.value }, ...answers], left };
}

/** A refusal of AWS for an id that the device chose is recorded, and doesn't make the cut of the others fail. */
async function askOthers<T>(prior: Prior, context: MitigationContext, ask: Ask<T>) {
  const { clientIds, left } = await listOthers(prior, context);
  const settled = await Promise.allSettled(clientIds.map(ask));
  const answers: { readonly clientId: string; readonly answer: T }[] = [];
  for (const [index, result] of settled.entries()) {
    const clientId = clientIds[index] ?? '';
    if (result.status === 'fulfilled') answers.push({ clientId, answer: result.value });
    else if (isRefusal(result.reason))
      left.push({ code: 'client-refused', clientId, error: result.reason.name });
    else throw result.reason;
  }
  return { answers, left };
}

/**
 * The ids beside the thing's name, without those under which somebody else has connected since, who must not be cut.
 */
async function listOthers({ clientIds }: Prior, context: MitigationContext) {
  const { thingName, heldCertificates, knownIds } = context;
  const known = await Promise.all(heldCertificates.map((id) => knownIds.list(id)));
  const all = new Set([...clientIds, ...known.flatMap((one) => one.clientIds)]);
  all.delete(thingName);
  const users = await Promise.all(
    [...all].map(async (clientId) => ({ clientId, user: await knownIds.findUser(clientId) })),
  );
  const own = users.flatMap(({ clientId, user }) => (!user || isOwn(user, context) ? clientId : []));
  const unnamed = own.filter(isUnnameable);
  const left: Detail[] = [];
  if (unnamed.length > 0) left.push({ code: 'clients-unnameable', clientIds: unnamed });
  if (known.some(({ incomplete }) => incomplete)) left.push({ code: 'clients-forgotten' });
  return { clientIds: own.filter((clientId) => !isUnnameable(clientId)), left };
}

/** A certificate that was detached from the thing while it is held is still the device's. */
function isOwn(
  { certificateId, thingName }: ClientUser,
  { ownCertificates, heldCertificates, thingName: own }: MitigationContext,
): boolean {
  return (
    thingName === own || ownCertificates.includes(certificateId) || heldCertificates.includes(certificateId)
  );
}
