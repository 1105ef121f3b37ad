import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An OIDC provider as far as an authorizer needs one: its configuration and its keys. */
export interface Issuer {
  readonly url: string;
  /** A token that holds for a minute, unless the claims or the key are to make it wrong. */
  issue(claims: Readonly<Record<string, unknown>>, key?: CryptoKey): Promise<string>;
  close(): Promise<unknown>;
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const isConfiguration = request.url === '/.well-known/openid-configuration';
    response.end(JSON.stringify(isConfiguration ? { jwks_uri: `${url()}/keys` } : { keys: [jwk] }));
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: url(),
    issue: (claims, key = privateKey) =>
      new SignJWT({ iss: url(), exp: Math.floor(Date.now() / 1_000) + 60, ...claims } as JWTPayload)
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .sign(key),
    close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}
