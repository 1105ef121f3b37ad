import type { RulesAnswer } from '../../../shared/api/answers';
import { type HttpAnswer, type HttpRequest, jsonResponse } from '../../../shared/http';

export interface RulesPorts {
  /** The deployed cordon.yml in words. */
  readonly rules: () => string;
}

export async function showRules(_request: HttpRequest, { rules }: RulesPorts): Promise<HttpAnswer> {
  return jsonResponse({ words: rules() } satisfies RulesAnswer);
}
