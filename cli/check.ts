import { explainConfiguration } from '../shared/config/explain';
import { loadConfiguration } from '../shared/config/load';
import { explainExisting } from './existing/explain';
import { explainGroup, openGroups } from './existing/group';
import { openExisting } from './existing/read';
import type { Settings } from './target';

/** Explains what a valid cordon.yml does to which things. Throws ConfigurationError if it is not valid. */
export function explain(file: string): string {
  return `${file} is valid.\n\n${explainConfiguration(loadConfiguration(file))}`;
}

/** Explains it together with the security profiles of the account, and the quarantine group that it adopts. */
export async function explainWithAccount(
  file: string,
  settings: Settings,
  stage: string,
): Promise<{ readonly text: string; readonly isWell: boolean }> {
  const explained = explain(file);
  const configuration = loadConfiguration(file);
  const profiles = await openExisting(settings).listProfiles();
  const { text, isWell } = explainExisting(configuration, profiles, stage);
  const { quarantine } = configuration;
  const stackName = `cordon-${stage}`;
  const group = await explainGroup(quarantine, stackName, openGroups(quarantine, stackName, settings));
  return {
    text: [explained, text, ...(group.lines.length > 0 ? [group.lines.join('\n')] : [])].join('\n\n'),
    isWell: isWell && group.isWell,
  };
}
