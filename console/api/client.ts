import { showUnseen } from './visible';

/** Why a call has no answer. `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: 'unreachable' | 'signed-out' | 'refused';
  readonly status: number;

  constructor(kind: ApiError['kind'], message: string, status = 0) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

interface Kept {
  readonly etag: string | undefined;
  readonly text: string;
  readonly value: unknown;
  readonly at: number;
}

interface ClientOptions {
  /** Where the API is, without a slash at the end. */
  readonly api: string;
  /** For the Authorization header, where the page signs its calls itself. */
  readonly token?: () => Promise<string | undefined>;
}

/** The state of the connection: how old the page's data is. */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost' | 'failing' | 'signed-out';
  /** When the API last answered, epoch ms. */
  readonly lastAt?: number;
  readonly why?: string;
}

const patienceMs = 20_000;
/** Answers that are kept, so that a view that was open shows at once. */
const mostKept = 60;

/** Calls the API. An answer that did not change costs a 304, and is the same object as before. */
export function createClient({ api, token }: ClientOptions) {
  const kept = new Map<string, Kept>();
  const asked = new Map<string, Promise<unknown>>();
  const listeners = new Set<() => void>();
  let connection: Connection = { state: 'connecting' };

  function setConnection(next: Connection): void {
    connection = next;
    for (const listener of listeners) listener();
  }

  async function send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const given = await readToken();
    if (given !== undefined) headers.set('authorization', `Bearer ${given}`);
    let response: Response;
    try {
      response = await fetch(`${api}${path}`, {
        ...init,
        headers,
        signal: AbortSignal.timeout(patienceMs),
      });
    } catch {
      const why = 'The API does not answer.';
      setConnection({ ...connection, state: 'lost', why });
      throw new ApiError('unreachable', why);
    }
    if (response.ok || response.status === 304) {
      setConnection({ state: 'live', lastAt: Date.now() });
      return response;
    }
    throw await explain(response, init.method === 'POST');
  }

  async function readToken(): Promise<string | undefined> {
    try {
      return await token?.();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { kind, message } = error;
      setConnection({ ...connection, state: kind === 'signed-out' ? kind : 'lost', why: message });
      throw error;
    }
  }

  async function explain(response: Response, isAct: boolean): Promise<ApiError> {
    const { status } = response;
    const why = await readProblem(response);
    if (status === 401) {
      setConnection({ ...connection, state: 'signed-out', why });
      return new ApiError('signed-out', why, status);
    }
    // A problem that says when to try again is of one list, not of the connection.
    if (status >= 500 && !response.headers.has('retry-after')) {
      // A failed act reports its own failure; it does not make the shown data older.
      if (!isAct) setConnection({ ...connection, state: 'failing', why });
      return new ApiError('unreachable', why, status);
    }
    setConnection({ state: 'live', lastAt: Date.now() });
    return new ApiError('refused', why, status);
  }

  async function load(path: string): Promise<unknown> {
    const known = kept.get(path);
    const headers = known?.etag === undefined ? {} : { 'if-none-match': known.etag };
    const response = await send(path, { headers });
    const text = response.status === 304 ? known?.text : await response.text();
    const isSame = known !== undefined && text === known.text;
    const value: unknown = isSame
      ? known.value
      : JSON.parse(text ?? 'null', path === '/rules' ? undefined : showText);
    kept.delete(path);
    kept.set(path, {
      etag: response.headers.get('etag') ?? known?.etag,
      text: text ?? '',
      value,
      at: Date.now(),
    });
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    return value;
  }

  return {
    connection: () => connection,

    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** The last answer, if there was one. */
    peek<T>(path: string): { readonly value: T; readonly at: number } | undefined {
      const found = kept.get(path);
      return found && { value: found.value as T, at: found.at };
    },

    /** A request that is already under way is shared. */
    get<T>(path: string): Promise<T> {
      const running = asked.get(path) ?? load(path).finally(() => asked.delete(path));
      asked.set(path, running);
      return running as Promise<T>;
    },

    /** The text of an answer, which is not kept. */
    read: async (path: string): Promise<string> => (await send(path, {})).text(),

    async post<T>(path: string, body: unknown): Promise<T> {
      const response = await send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await response.json()) as T;
    },
  };
}

/** Names the characters that hide text. Every answer passes here but cordon.yml, which people edit as it is. */
function showText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? showUnseen(value) : value;
}

export type Client = ReturnType<typeof createClient>;

/** The fault that the API, or API Gateway in front of it, states. */
async function readProblem(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { detail, message } = (typeof problem === 'object' && problem !== null ? problem : {}) as {
    detail?: unknown;
    message?: unknown;
  };
  if (typeof detail === 'string') return beginSentence(detail, new URL(response.url).pathname);
  if (response.status === 403) return 'Your rights do not include this.';
  return typeof message === 'string' ? message : `The API answered ${response.status}.`;
}

/** In upper case, unless it begins with a name: names are as they are. */
function beginSentence(text: string, path: string): string {
  const [word = ''] = text.split(' ', 1);
  return path.includes(word) ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A thing's name in a path. Its slashes are encoded twice, since API Gateway decodes a path once before it matches it. */
export function thingPath(thingName: string): string {
  return encodeURIComponent(thingName).replaceAll('%2F', '%252F');
}
