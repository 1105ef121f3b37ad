import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { ApiError, type Client, type Connection } from './client';

export const ClientContext = createContext<Client | undefined>(undefined);

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('there is no client');
  return client;
}

export interface Live<T> {
  /** The newest answer; an older one while the API does not answer. */
  readonly value?: T;
  /** When the API gave it, epoch ms. */
  readonly at?: number;
  /** Why there is no newer one. */
  readonly error?: ApiError;
}

const hurriedMs = 700;
/** Commands don't change data that is read less often than this. */
const rareMs = 60_000;
const hurryForMs = 15_000;
const slowestMs = 30_000;
let hurriedUntil = 0;
const sleepers = new Set<() => void>();

/** After a command: reads everything that it may change now, and more often for a while. */
export function hurry(): void {
  hurriedUntil = Date.now() + hurryForMs;
  for (const wake of sleepers) wake();
}

/** Reads a path again and again while the page is seen. Undefined reads nothing. */
export function useLive<T>(path: string | undefined, everyMs = 4_000): Live<T> {
  const client = useClient();
  const [state, setState] = useState<Live<T> & { readonly path?: string | undefined }>({});

  useEffect(() => {
    if (path === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let isStopped = false;
    let isLoading = false;
    const isRare = everyMs >= rareMs;
    const load = async () => {
      clearTimeout(timer);
      if (isLoading || isStopped || document.hidden) return;
      isLoading = true;
      try {
        const value = await client.get<T>(path);
        failures = 0;
        if (!isStopped) setState({ path, value, at: Date.now() });
      } catch (error) {
        failures += 1;
        if (!isStopped)
          setState((before) => ({ ...(before.path === path && before), path, error: asError(error) }));
      } finally {
        isLoading = false;
      }
      if (isStopped) return;
      const pace = !isRare && Date.now() < hurriedUntil ? Math.min(hurriedMs, everyMs) : everyMs;
      timer = setTimeout(
        load,
        failures === 0 ? pace : Math.min(slowestMs, 1_000 * 2 ** Math.min(failures, 5)),
      );
    };
    const wake = () => void load();
    if (!isRare) sleepers.add(wake);
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    wake();
    return () => {
      isStopped = true;
      clearTimeout(timer);
      sleepers.delete(wake);
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
    };
  }, [client, path, everyMs]);

  if (path === undefined) return {};
  // Shows nothing of the previous path, but the last answer for this one, if there is one.
  return state.path === path ? state : { ...client.peek<T>(path) };
}

export function useConnection(): Connection {
  const client = useClient();
  const [connection, setConnection] = useState(client.connection());
  useEffect(() => client.subscribe(() => setConnection(client.connection())), [client]);
  return connection;
}

function asError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('refused', 'The answer could not be read.');
}
