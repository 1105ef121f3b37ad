import { jsonResponse } from '../aws/wire/local-routes';
import type { ApiResponse } from '../types';

export type Arguments = Readonly<Record<string, unknown>>;

export function slackError(error: string, problems: readonly string[] = []): ApiResponse {
  const details = problems.length > 0 ? { errors: problems, response_metadata: { messages: problems } } : {};
  return jsonResponse({ ok: false, error, ...details });
}

export function missingScope(needed: readonly string[], provided: readonly string[]): ApiResponse {
  return jsonResponse({
    ok: false,
    error: 'missing_scope',
    needed: needed.join(','),
    provided: provided.join(','),
  });
}
