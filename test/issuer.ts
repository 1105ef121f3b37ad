import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { answerAuthorization, type ServerState } from './authorization-server';

/** An OIDC provider: its configuration and its keys for an authorizer, and a sign-in for a browser. */
export interface Issuer {
  readonly url: string;
  readonly state: ServerState;
  /** A token that is valid for a minute, unless the given claims or key make it invalid. */
  issue(claims: Readonly<Record<string, unknown>>, key?: CryptoKey): Promise<string>;
  close(): Promise<unknown>;
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const state: ServerState = {
    clients: new Map(),
    people: new Map(),
    sessions: new Map(),
    codes: new Map(),
    refreshTokens: new Map(),
    tokens: [],
    refused: [],
    referers: [],
    tokenSeconds: 3_600,
    forgeState: false,
    forgedClaims: {},
  };
  const server = createServer(async (request, response) => {
    if (await answerAuthorization(request, response, { state, url: url(), issue })) return;
    response.setHeader('content-type', 'application/json');
    const isConfiguration = request.url === '/.well-known/openid-configuration';
    response.end(JSON.stringify(isConfiguration ? describe(url()) : { keys: [jwk] }));
  });
  const issue: Issuer['issue'] = (claims, key = privateKey) =>
    new SignJWT({ iss: url(), exp: Math.floor(Date.now() / 1_000) + 60, ...claims } as JWTPayload)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(key);
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: url(),
    state,
    issue,
    close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}

function describe(url: string): object {
  return {
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    end_session_endpoint: `${url}/logout`,
    jwks_uri: `${url}/keys`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}
