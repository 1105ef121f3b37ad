import { useEffect, useMemo, useReducer } from 'preact/hooks';
import type { MeAnswer } from '../../shared/api/stack';
import { ApiError, type Client, thingPath } from '../api/client';
import { useClient, useLive } from '../api/live';
import type { OperatorAction } from '../api/types';
import { useSteady } from '../parts/steady';

/** IAM's answer about `ACT THING`, absent until it has come. A reload asks again. */
interface Asked {
  readonly answer: Promise<boolean>;
  is?: boolean;
}

const permitted = new WeakMap<Client, Map<string, Asked>>();

export interface Rights {
  mayAct(act: OperatorAction): boolean;
  /** What `harden` can add to a containment; nothing until it is known. */
  readonly additions: MeAnswer['additions'];
  /** Why there are no operator actions; absent if there are some. */
  readonly why?: string;
}

/**
 * The operator actions that the caller has the right to: all of them until that is known, or if it can't be known. The
 * API checks again.
 */
export function useRights(thingName: string | undefined, acts: readonly OperatorAction[]): Rights {
  const client = useClient();
  const me = useLive<MeAnswer>('/me', 300_000).value;
  const [refusals, redraw] = useReducer((count: number) => count + 1, 0);
  const asksIam = me?.decidedBy === 'iam' && thingName !== undefined;
  useEffect(() => {
    if (!asksIam) return;
    for (const act of acts)
      void ask(client, act, thingName).answer.then((is) => {
        if (!is) redraw(undefined);
      });
  }, [client, asksIam, thingName, acts.join()]);
  const newest = useMemo(() => {
    const refused = asksIam
      ? acts.filter((act) => permitted.get(client)?.get(`${act} ${thingName}`)?.is === false)
      : [];
    return judge(me, acts, refused);
  }, [client, me, thingName, acts.join(), refusals]);
  // When an operator action is refused, the buttons of the others must not move under the pointer.
  return useSteady(newest, `${thingName} ${acts}`);
}

function judge(
  me: MeAnswer | undefined,
  acts: readonly OperatorAction[],
  refused: readonly OperatorAction[],
): Rights {
  const additions = me?.additions ?? [];
  if (me?.decidedBy === 'groups')
    return me.roles.includes('operator')
      ? { mayAct: () => true, additions }
      : { mayAct: () => false, additions, why: `You can read only: members of ${me.operators} can act.` };
  const mayAct = (act: OperatorAction) => !refused.includes(act);
  if (!me || acts.length === 0 || refused.length < acts.length) return { mayAct, additions };
  return {
    mayAct,
    additions,
    why: `You can read only: IAM permits ${me.actor} no operator action here (execute-api:Invoke on POST/things/*).`,
  };
}

/** Asks once. */
function ask(client: Client, act: OperatorAction, thingName: string): Asked {
  const answers = permitted.get(client) ?? new Map<string, Asked>();
  permitted.set(client, answers);
  const key = `${act} ${thingName}`;
  const before = answers.get(key);
  if (before) return before;
  const asked: Asked = {
    answer: isPermitted(client, act, thingName).then((is) => {
      asked.is = is;
      return is;
    }),
  };
  answers.set(key, asked);
  return asked;
}

/** Fields without which the API refuses an operator action. */
const required: Partial<Record<OperatorAction, object>> = {
  comment: { comment: '?' },
  harden: { actions: ['deactivate-certificate'] },
};

/** API Gateway asks IAM before the function sees the request, which sends nothing. */
async function isPermitted(client: Client, act: OperatorAction, thingName: string): Promise<boolean> {
  try {
    await client.post(`/things/${thingPath(thingName)}/${act}`, { dryRun: true, ...required[act] });
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.status === 403);
  }
}
