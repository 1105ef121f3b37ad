import { setTimeout as delay } from 'node:timers/promises';
import { openStatuses } from '../../shared/domain/case/status';
import { operatorActionDescriptors, operatorActions } from '../../shared/domain/decide/operator-actions';
import type { Target } from '../target';
import type { ThingFinder } from './complete';

const mostThings = 100;
/** Nobody waits longer for a completion. */
const patienceMs = 1_000;

/** Things with an open case that the command applies to: one page of the index. */
export function openThings(
  target: () => Promise<{ readonly list: Pick<Target['list'], 'page'> }>,
): ThingFinder {
  return async (command, thingPrefix) => {
    const action = operatorActions.find((name) => name === command);
    const offered = action ? operatorActionDescriptors[action].offeredIn : [];
    const query = {
      statuses: offered.length > 0 ? offered : openStatuses,
      filter: { thingPrefix },
      limit: mostThings,
    };
    const read = async () => {
      const { cases } = await (await target()).list.page(query);
      return [...new Set(cases.map(({ thingName }) => thingName))];
    };
    const late = delay(patienceMs, [], { ref: false });
    // Without a stack or rights, the shell offers nothing, and the command itself reports the reason.
    return Promise.race([read(), late]).catch(() => []);
  };
}
