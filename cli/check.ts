import { explainConfiguration } from '../shared/config/explain';
import { loadConfiguration } from '../shared/config/load';
import { explainExisting } from './existing/explain';
import type { Existing } from './existing/read';

/** Explains what a valid cordon.yml does to which things. Throws ConfigurationError if it is not valid. */
export function explain(file: string): string {
  return `${file} is valid.\n\n${explainConfiguration(loadConfiguration(file))}`;
}

/** Explains it together with the security profiles of the account. */
export async function explainWithAccount(
  file: string,
  existing: Pick<Existing, 'listProfiles'>,
  stage: string,
): Promise<{ readonly text: string; readonly isWell: boolean }> {
  const explained = explain(file);
  const { text, isWell } = explainExisting(loadConfiguration(file), await existing.listProfiles(), stage);
  return { text: `${explained}\n\n${text}`, isWell };
}
