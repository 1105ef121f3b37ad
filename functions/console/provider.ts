import * as z from 'zod/mini';
import type { sendRequest } from '../../shared/send-request';

/** The fields of the issuer's configuration that the page needs for a sign-in (OpenID Connect Discovery 1.0, section 3). */
const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  end_session_endpoint: z.optional(z.string()),
  authorization_response_iss_parameter_supported: z.optional(z.boolean()),
  id_token_signing_alg_values_supported: z.optional(z.array(z.string())),
});

export type Provider = z.infer<typeof metadata>;

export interface ProviderPorts {
  readonly send: typeof sendRequest;
  readonly clock: () => number;
}

const patienceMs = 3_000;
/** Characters; the largest known ones have five thousand. */
const answerMax = 100_000;
const freshMs = 3_600_000;

/**
 * Reads the configuration of an issuer and keeps it for an hour, or longer while the issuer does not answer. So the
 * page need not read it from another origin, and the page's policy can name the token endpoint.
 */
export function connectProvider(issuer: string, { send, clock }: ProviderPorts): () => Promise<Provider> {
  let kept: { readonly provider: Provider; readonly readAt: number } | undefined;
  return async () => {
    if (kept && clock() - kept.readAt < freshMs) return kept.provider;
    try {
      kept = { provider: await readProvider(issuer, send), readAt: clock() };
    } catch (error) {
      if (!kept) throw error;
    }
    return kept.provider;
  };
}

async function readProvider(issuer: string, send: ProviderPorts['send']): Promise<Provider> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { status, text } = await send(url, {
    method: 'GET',
    signal: AbortSignal.timeout(patienceMs),
    answerMax,
  });
  if (status !== 200) throw new Error(`${url} answers ${status}`);
  const provider = metadata.parse(JSON.parse(text));
  // Another name would be another provider's configuration (Discovery, section 4.3).
  if (provider.issuer !== issuer) throw new Error(`${url} is the configuration of ${provider.issuer}`);
  const { authorization_endpoint, token_endpoint, end_session_endpoint } = provider;
  for (const endpoint of [authorization_endpoint, token_endpoint, end_session_endpoint])
    if (endpoint !== undefined) requireSafe(endpoint, issuer);
  return provider;
}

/**
 * The page sends people and codes to these addresses, so they must be HTTPS, except for a test's issuer on its own
 * machine.
 */
function requireSafe(endpoint: string, issuer: string): void {
  const { protocol } = new URL(endpoint);
  if (protocol === 'https:') return;
  if (protocol === 'http:' && issuer.startsWith('http://')) return;
  throw new Error(`the issuer names ${endpoint}: expected https`);
}
