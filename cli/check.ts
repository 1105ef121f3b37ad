import { explainConfiguration } from '../shared/config/explain';
import { loadConfiguration } from '../shared/config/load';

/** Explains what a valid cordon.yml does to which things. Throws ConfigurationError if it is not valid. */
export function explain(file: string): string {
  return `${file} is valid.\n\n${explainConfiguration(loadConfiguration(file))}`;
}
