import type { Configuration } from '../../shared/domain/configuration';
import { isDrill } from '../../shared/domain/drill';
import { RefusedError } from '../cli-error';
import type { Target } from '../target';

/** Statuses of things that are being handled right now. */
const busy = ['containing', 'contained', 'awaiting-approval', 'releasing'] as const;

/**
 * Refuses a drill during a real storm, whose cases would have to wait for it. A storm is half the fleet limit within
 * its time.
 */
export async function checkCalm(
  { history }: { readonly history: Pick<Target['history'], 'listByStatus'> },
  { things, within }: Configuration['guards']['fleetLimit'],
  now: number,
): Promise<void> {
  const limit = Math.max(3, Math.ceil(things / 2));
  const lists = await Promise.all(busy.map((status) => history.listByStatus(status, limit, now - within)));
  const recent = lists.flat().filter(({ thingName }) => !isDrill(thingName)).length;
  if (recent < limit) return;
  throw new RefusedError(
    `${recent} cases or more changed within the time of the fleet limit: a drill would delay them. Try again later, or use --force`,
  );
}
