import type { ServiceAnswer } from '../../functions/notify/channels/descriptor';

const patienceMs = 10_000;

/** Asks with a form: methods of Slack that read take no JSON. */
export async function askService(
  url: string,
  token: string,
  body: Readonly<Record<string, string>>,
): Promise<ServiceAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(body),
    signal: AbortSignal.timeout(patienceMs),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!isAnswer(answer))
    throw new Error(`${new URL(url).host} answered ${response.status} without the JSON of its API`);
  const scopes = response.headers.get('x-oauth-scopes');
  return { ...answer, ...(scopes !== null && { scopes: scopes.split(/\s*,\s*/).filter(Boolean) }) };
}

function isAnswer(value: unknown): value is ServiceAnswer {
  return typeof value === 'object' && value !== null && 'ok' in value && typeof value.ok === 'boolean';
}
