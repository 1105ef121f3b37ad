import { explainConfiguration } from '../shared/config/explain';
import { loadConfiguration } from '../shared/config/load';

/** Says that a cordon.yml is valid and what it will do to whom; throws ConfigurationError where it is not. */
export function explain(file: string): string {
  return `${file} is valid.\n\n${explainConfiguration(loadConfiguration(file))}`;
}
