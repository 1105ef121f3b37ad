import { useEffect, useReducer } from 'preact/hooks';
import type { MeAnswer } from '../../shared/api/stack';
import { ApiError, type Client, thingPath } from '../api/client';
import { useClient, useLive } from '../api/live';
import type { Act } from '../api/types';

/** Acts that IAM refused, `ACT THING`; those that it would permit, likewise. A reload asks again. */
const permitted = new WeakMap<Client, Map<string, boolean>>();

export interface Rights {
  mayAct(act: Act): boolean;
  /** Why there are no acts, if there are none. */
  readonly why?: string;
}

const all: Rights = { mayAct: () => true };

/** Which acts the caller has the right to. Until this is known, or if nothing tells it, all: the API checks again. */
export function useRights(thingName: string | undefined, acts: readonly Act[]): Rights {
  const client = useClient();
  const me = useLive<MeAnswer>('/me', 300_000).value;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const known = permitted.get(client) ?? new Map<string, boolean>();
  permitted.set(client, known);
  const asksIam = me?.decidedBy === 'iam' && thingName !== undefined;
  useEffect(() => {
    if (!asksIam) return;
    for (const act of acts) {
      const key = `${act} ${thingName}`;
      if (known.has(key)) continue;
      known.set(key, true);
      void isPermitted(client, act, thingName).then((is) => {
        known.set(key, is);
        if (!is) redraw(undefined);
      });
    }
  }, [client, asksIam, thingName, acts.join()]);
  if (me?.decidedBy === 'groups')
    return me.roles.includes('operator')
      ? all
      : { mayAct: () => false, why: `You can read only: members of ${me.operators} can act.` };
  if (!asksIam) return all;
  const mayAct = (act: Act) => known.get(`${act} ${thingName}`) ?? true;
  if (acts.length === 0 || acts.some(mayAct)) return { mayAct };
  return {
    mayAct,
    why: `You can read only: IAM permits ${me.actor} no act here (execute-api:Invoke on POST/things/*).`,
  };
}

/** What these acts are not without. */
const required: Partial<Record<Act, object>> = {
  comment: { comment: '?' },
  harden: { actions: ['deactivate-certificate'] },
};

/** API Gateway asks IAM before the function sees the request, which sends nothing. */
async function isPermitted(client: Client, act: Act, thingName: string): Promise<boolean> {
  try {
    await client.post(`/things/${thingPath(thingName)}/${act}`, { dryRun: true, ...required[act] });
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.status === 403);
  }
}
