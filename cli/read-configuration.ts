import { loadConfiguration } from '../shared/config/load';
import type { FileConfiguration } from '../shared/config/schema';
import { findConfiguration } from './checkout';

/** The configuration that the stack was deployed with, for several commands. */
interface DeployedFlags {
  readonly config?: string;
  readonly detector?: string;
}

export function readConfiguration({ config, detector }: DeployedFlags): FileConfiguration {
  return loadConfiguration(config ?? findConfiguration(), detector === undefined ? {} : { detector });
}
