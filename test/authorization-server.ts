import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A public client that signs people in by authorization code with PKCE. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly afterLogout: string;
  readonly scopes: readonly string[];
  readonly mayRefresh: boolean;
}

interface Person {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

interface Grant {
  readonly person: Person;
  readonly nonce: string | undefined;
  readonly scope: string;
  readonly challenge: string;
  readonly redirectUri: string;
  readonly until: number;
  /** The refresh token that the code was exchanged for: a second use of the code takes it back (RFC 6749, 4.1.2). */
  refreshToken?: string;
  isUsed: boolean;
}

export interface ServerState {
  readonly clients: Map<string, RegisteredClient>;
  readonly people: Map<string, Person>;
  /** Whom each cookie is of. */
  readonly sessions: Map<string, Person>;
  readonly codes: Map<string, Grant>;
  readonly refreshTokens: Map<string, Pick<Grant, 'person' | 'nonce' | 'scope'>>;
  /** All tokens that were issued, also those that are no longer valid. */
  readonly tokens: string[];
  /** What was refused, and why. */
  readonly refused: string[];
  /** What each request said of the page that it came from. */
  readonly referers: string[];
  tokenSeconds: number;
  /** Puts another state into the answer, as an attacker would. */
  forgeState: boolean;
  /** Claims of an ID token that a broken or hostile provider would give out. */
  forgedClaims: Readonly<Record<string, unknown>>;
}

interface Ports {
  readonly state: ServerState;
  readonly url: string;
  readonly issue: (claims: Readonly<Record<string, unknown>>) => Promise<string>;
}

const cookieName = 'issuer-session';

/** The endpoints of an authorization server that is as strict as the RFCs allow. */
export async function answerAuthorization(
  request: IncomingMessage,
  response: ServerResponse,
  ports: Ports,
): Promise<boolean> {
  ports.state.referers.push(request.headers.referer ?? '');
  const { pathname, searchParams } = new URL(request.url ?? '/', ports.url);
  switch (`${request.method} ${pathname}`) {
    case 'GET /authorize':
      authorize(request, response, searchParams, ports);
      return true;
    case 'POST /login':
      await logIn(request, response, searchParams, ports);
      return true;
    case 'POST /token':
      await answerToken(request, response, ports);
      return true;
    case 'GET /logout':
      logOut(request, response, searchParams, ports);
      return true;
    default:
      return false;
  }
}

function authorize(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  { state, url }: Ports,
): void {
  const client = state.clients.get(query.get('client_id') ?? '');
  // Never redirect to an address that was not registered (RFC 9700, 4.1.3: exact match).
  if (!client || query.get('redirect_uri') !== client.redirectUri) {
    refuse(response, state, 'unknown client or redirect_uri');
    return;
  }
  const fault = findFault(query, client);
  const back = new URL(client.redirectUri);
  back.searchParams.set('state', state.forgeState ? 'forged' : (query.get('state') ?? ''));
  back.searchParams.set('iss', url);
  if (fault) {
    state.refused.push(fault);
    back.searchParams.set('error', 'invalid_request');
    back.searchParams.set('error_description', fault);
    redirect(response, back.href);
    return;
  }
  const person = state.sessions.get(readCookie(request));
  if (!person) {
    showLogin(response, query, state);
    return;
  }
  const code = randomBytes(24).toString('base64url');
  state.codes.set(code, {
    person,
    nonce: query.get('nonce') ?? undefined,
    scope: query.get('scope') ?? '',
    challenge: query.get('code_challenge') ?? '',
    redirectUri: client.redirectUri,
    until: Date.now() + 60_000,
    isUsed: false,
  });
  back.searchParams.set('code', code);
  redirect(response, back.href);
}

function findFault(query: URLSearchParams, { scopes }: RegisteredClient): string | undefined {
  const repeated = [...new Set(query.keys())].find((name) => query.getAll(name).length > 1);
  if (repeated) return `${repeated} is given twice`;
  if (query.get('response_type') !== 'code') return 'response_type is not code';
  if (query.get('code_challenge_method') !== 'S256') return 'PKCE with S256 is required';
  if (!/^[\w-]{43}$/.test(query.get('code_challenge') ?? '')) return 'code_challenge is malformed';
  if ((query.get('state') ?? '').length < 16) return 'state is too short';
  if ((query.get('nonce') ?? '').length < 16) return 'nonce is too short';
  const asked = (query.get('scope') ?? '').split(' ');
  if (!asked.includes('openid')) return 'scope lacks openid';
  return asked.every((scope) => scopes.includes(scope)) ? undefined : 'a scope is not registered';
}

function showLogin(response: ServerResponse, query: URLSearchParams, { people }: ServerState): void {
  const quote = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const buttons = [...people.keys()].map(
    (name) => `<button name="person" value="${quote(name)}">${name}</button>`,
  );
  response.setHeader('content-type', 'text/html');
  response.end(
    `<title>Log in</title><form method="post" action="/login?${quote(query.toString())}">${buttons}</form>`,
  );
}

async function logIn(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  { state }: Ports,
): Promise<void> {
  const person = state.people.get((await readForm(request)).get('person') ?? '');
  if (!person) {
    refuse(response, state, 'unknown person');
    return;
  }
  const session = randomBytes(24).toString('base64url');
  state.sessions.set(session, person);
  response.setHeader('set-cookie', `${cookieName}=${session}; HttpOnly; SameSite=Lax; Path=/`);
  redirect(response, `/authorize?${query}`);
}

/** A browser on the page of a client may read the answer, any other may not. */
async function answerToken(request: IncomingMessage, response: ServerResponse, ports: Ports): Promise<void> {
  const { state } = ports;
  const form = await readForm(request);
  const client = state.clients.get(form.get('client_id') ?? '');
  const { origin } = request.headers;
  if (client && origin === new URL(client.redirectUri).origin)
    response.setHeader('access-control-allow-origin', origin);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-type', 'application/json');
  const given = client && takeGrant(form, client, state);
  if (!client || !given || typeof given === 'string') {
    const why = typeof given === 'string' ? given : 'unknown client';
    state.refused.push(why);
    response.statusCode = 400;
    response.end(JSON.stringify({ error: 'invalid_grant', error_description: why }));
    return;
  }
  const { person, nonce, scope, code } = given;
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...person,
    ...{ aud: client.clientId, iat: now, exp: now + state.tokenSeconds },
    ...(code && { nonce }),
    ...state.forgedClaims,
  };
  const refreshToken = client.mayRefresh ? randomBytes(24).toString('base64url') : undefined;
  if (refreshToken !== undefined) state.refreshTokens.set(refreshToken, { person, nonce, scope });
  if (code && refreshToken !== undefined) code.refreshToken = refreshToken;
  const tokens = {
    access_token: randomBytes(24).toString('base64url'),
    id_token: await ports.issue(claims),
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  };
  state.tokens.push(...Object.values(tokens));
  response.end(JSON.stringify({ ...tokens, token_type: 'Bearer', expires_in: state.tokenSeconds, scope }));
}

function takeGrant(
  form: URLSearchParams,
  client: RegisteredClient,
  state: ServerState,
): string | (Pick<Grant, 'person' | 'nonce' | 'scope'> & { readonly code?: Grant }) {
  if (form.get('grant_type') === 'refresh_token') {
    const token = form.get('refresh_token') ?? '';
    const kept = state.refreshTokens.get(token);
    // Each is used once.
    state.refreshTokens.delete(token);
    return kept ?? 'the refresh token is not known';
  }
  if (form.get('grant_type') !== 'authorization_code') return 'this grant_type is not used';
  const grant = state.codes.get(form.get('code') ?? '');
  if (!grant) return 'the code is not known';
  if (grant.isUsed) {
    if (grant.refreshToken !== undefined) state.refreshTokens.delete(grant.refreshToken);
    return 'the code was used already';
  }
  grant.isUsed = true;
  if (grant.until < Date.now()) return 'the code has expired';
  if (form.get('redirect_uri') !== grant.redirectUri || grant.redirectUri !== client.redirectUri)
    return 'redirect_uri is another';
  const verifier = form.get('code_verifier') ?? '';
  const isProven = createHash('sha256').update(verifier).digest('base64url') === grant.challenge;
  return isProven ? { ...grant, code: grant } : 'code_verifier does not match';
}

function logOut(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  { state }: Ports,
): void {
  const client = state.clients.get(query.get('client_id') ?? '');
  const back = query.get('post_logout_redirect_uri');
  if (!client || back !== client.afterLogout) {
    refuse(response, state, 'unknown client or address');
    return;
  }
  state.sessions.delete(readCookie(request));
  redirect(response, back);
}

function readCookie({ headers }: IncomingMessage): string {
  return new RegExp(`${cookieName}=([\\w-]+)`).exec(headers.cookie ?? '')?.[1] ?? '';
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location });
  response.end();
}

function refuse(response: ServerResponse, { refused }: ServerState, why: string): void {
  refused.push(why);
  response.writeHead(400, { 'content-type': 'text/plain' });
  response.end(why);
}
