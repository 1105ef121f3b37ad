import { type BrokerContext, cutSession } from './broker-context';
import type { Session } from './sessions';

export interface DisconnectOptions {
  readonly cleanSession: boolean;
  readonly preventWillMessage: boolean;
}

/**
 * Finds sessions whose certificate is no longer active, and ends them after the time that AWS takes. If a call cuts
 * such a session by its client id meanwhile, the call decides how it ends, for example without its will.
 */
export function noteRegistryChange(context: BrokerContext): void {
  context.authorizer.noteChange();
  for (const session of [...context.sessions.live()]) {
    if (isActive(context, session)) continue;
    if (context.certificateCutMs === 0) cutForCertificate(context, session);
    else if (!context.cutsDue.has(session)) {
      const cut = () => {
        context.cutsDue.delete(session);
        if (!isActive(context, session)) cutForCertificate(context, session);
      };
      context.cutsDue.set(session, setTimeout(cut, context.certificateCutMs).unref());
    }
  }
}

function isActive(context: BrokerContext, { certificateId }: Session): boolean {
  return context.registry.certificateByFingerprint(certificateId)?.status === 'ACTIVE';
}

function cutForCertificate(context: BrokerContext, session: Session): void {
  context.log.warn('client cut: its certificate is no longer active', { clientId: session.clientId });
  void cutSession(context, session, 'AUTH_ERROR');
}

/** Cuts the client of an id, as DeleteConnection does; false when none is connected. */
export async function disconnect(
  context: BrokerContext,
  clientId: string,
  { cleanSession, preventWillMessage }: DisconnectOptions,
): Promise<boolean> {
  const session = context.sessions.latest(clientId);
  if (!session || session.state === 'ended') return false;
  await cutSession(context, session, 'API_INITIATED_DISCONNECT', { preventWill: preventWillMessage });
  if (cleanSession) await dropPersistentSession(context, clientId);
  return true;
}

async function dropPersistentSession(context: BrokerContext, clientId: string): Promise<void> {
  const { persistence } = context.core();
  await persistence.cleanSubscriptions({ id: clientId });
  for await (const packet of persistence.outgoingStream({ id: clientId })) {
    await persistence.outgoingClearMessageId({ id: clientId }, packet);
  }
}
