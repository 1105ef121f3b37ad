/** What a request says about itself and about the page that sent it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Why a request gets no answer, or nothing. Any page in the operator's browser can reach a port of this machine: by a name
 * that resolves here (then the Host is that name), by a form or a script (then the Origin is another).
 */
export function findRefusal({ method, path, headers }: Asked, port: number): string | undefined {
  if (method !== 'GET' && method !== 'POST') return 'this method is not used here';
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers;
  if (!own.includes(host)) return 'the Host is not this console';
  if (origin !== undefined && origin !== `http://${host}`) return 'the Origin is not this console';
  // A link from elsewhere may open the page, which shows nothing without the cookie; it may not read or do anything.
  const isNavigation = method === 'GET' && mode === 'navigate' && !isApi(path);
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)
    return 'another page asked';
  if (method === 'GET') return undefined;
  if (origin === undefined) return 'there is no Origin';
  return /^application\/json(;|$)/.test(headers['content-type'] ?? '') ? undefined : 'expected JSON';
}

export const apiPrefix = '/console/api';

export function isApi(path: string): boolean {
  return path.startsWith(`${apiPrefix}/`);
}
