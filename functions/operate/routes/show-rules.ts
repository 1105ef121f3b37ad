import type { RulesAnswer } from '../../../shared/api/stack';
import type { Source } from '../../../shared/config/parameters';
import { type HttpAnswer, type HttpRequest, jsonResponse } from '../../../shared/http';

export interface RulesPorts {
  /** The deployed cordon.yml in words. */
  readonly rules: () => string;
  /** The same as somebody wrote it. */
  readonly source: () => Source;
}

export async function showRules(_request: HttpRequest, { rules, source }: RulesPorts): Promise<HttpAnswer> {
  return jsonResponse({ words: rules(), source: source() } satisfies RulesAnswer);
}
