import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The files that a deploy sends: beside the bundle of the command, in the npm package only. */
export const service = fileURLToPath(new URL('../service', import.meta.url));

export const isInstalled = () => existsSync(service);

/** How this person deploys. */
export function writeDeployCommand(stage: string): string {
  return `${isInstalled() ? 'cordon' : 'npx sls'} deploy --stage ${stage}`;
}
