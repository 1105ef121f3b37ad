import * as oauth from 'oauth4webapi';

/** How people sign in here, as the server of the page says. */
export interface SignInSettings {
  readonly provider: oauth.AuthorizationServer;
  readonly clientId: string;
  readonly scope: string;
  /** The offset of this machine's clock from the server's. */
  readonly skewSeconds: number;
}

export interface Tokens {
  readonly idToken: string;
  readonly refreshToken: string | undefined;
  readonly claims: oauth.IDToken;
}

const redirectUri = () => `${location.origin}/console/signed-in`;
const afterLogout = () => `${location.origin}/console/signed-out`;

/** Nothing but the local stack is served over HTTP. */
const options = () => ({ [oauth.allowInsecureRequests]: location.protocol === 'http:' });

const clientOf = ({ clientId, skewSeconds }: SignInSettings): oauth.Client => ({
  client_id: clientId,
  [oauth.clockSkew]: skewSeconds,
});

/** The address for the browser, and the data that its return needs. */
export async function writeRequest({ provider, clientId, scope }: SignInSettings) {
  const [state, nonce, verifier] = [
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
    oauth.generateRandomCodeVerifier(),
  ];
  const url = new URL(provider.authorization_endpoint ?? '');
  const asked = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return { url: url.href, state, nonce, verifier };
}

/** Exchanges the code in the address of the page, which has to answer the request of this state. */
export async function exchangeCode(
  settings: SignInSettings,
  { state, nonce, verifier }: { readonly state: string; readonly nonce: string; readonly verifier: string },
): Promise<Tokens> {
  const { provider } = settings;
  const client = clientOf(settings);
  const parameters = oauth.validateAuthResponse(provider, client, new URL(location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(
    provider,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    verifier,
    options(),
  );
  const answer = await oauth.processAuthorizationCodeResponse(provider, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  return readTokens(answer, undefined);
}

export async function refresh(settings: SignInSettings, refreshToken: string): Promise<Tokens> {
  const { provider } = settings;
  const client = clientOf(settings);
  const response = await oauth.refreshTokenGrantRequest(
    provider,
    client,
    oauth.None(),
    refreshToken,
    options(),
  );
  // An issuer that does not change the refresh token need not send it again.
  return readTokens(await oauth.processRefreshTokenResponse(provider, client, response), refreshToken);
}

function readTokens(answer: oauth.TokenEndpointResponse, refreshToken: string | undefined): Tokens {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  if (!claims || answer.id_token === undefined) throw new Error('The identity provider sent no ID token.');
  return { idToken: answer.id_token, refreshToken: answer.refresh_token ?? refreshToken, claims };
}

/** Where the browser goes to sign out. The ID token, which opens the API, is not in it. */
export function writeLogout({ provider, clientId }: SignInSettings): string {
  if (provider.end_session_endpoint === undefined) return afterLogout();
  const url = new URL(provider.end_session_endpoint);
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('post_logout_redirect_uri', afterLogout());
  // Cognito has a name of its own for it.
  url.searchParams.set('logout_uri', afterLogout());
  return url.href;
}

/** In words for people. */
export function explainFailure(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    const { error: code, error_description: more } = error;
    return `The identity provider refused: ${more ?? code}.`;
  }
  // What fetch throws.
  if (error instanceof TypeError) return 'The identity provider does not answer.';
  if (error instanceof oauth.OperationProcessingError)
    return `The answer of the identity provider is not right: ${error.message}.`;
  return error instanceof Error ? error.message : String(error);
}

/** Whether there is no use in trying again. */
export function isRefused(error: unknown): boolean {
  return !(error instanceof TypeError) && !(error instanceof DOMException);
}
