import { readFileSync } from 'node:fs';
import { loadConfiguration } from '../shared/config/load';
import type { FileConfiguration } from '../shared/config/schema';
import { findConfiguration } from './checkout';
import { UsageError } from './cli-error';
import { findAmazonRoots } from './enroll/agent-config';
import { explainFileFault } from './explain-file-fault';

/** The configuration that the stack was deployed with, for several commands. */
interface DeployedFlags {
  readonly config?: string;
  readonly detector?: string;
}

export function readConfiguration({ config, detector }: DeployedFlags): FileConfiguration {
  return loadConfiguration(config ?? findConfiguration(), detector === undefined ? {} : { detector });
}

/** Certificates of the broker's authorities: those of a file, or Amazon's. */
export function readRoots(file: string | undefined): string {
  if (file === undefined) return findAmazonRoots();
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} can't be read${explainFileFault(cause)}`, cause);
  }
}
