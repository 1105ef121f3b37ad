import { readFileSync } from 'node:fs';
import { UsageError } from '../cli-error';
import { explainFileFault } from '../explain-file-fault';
import { findAmazonRoots } from './agent-config';

/** Certificates of the broker's authorities: those of a file, or Amazon's. */
export function readRoots(file: string | undefined): string {
  if (file === undefined) return findAmazonRoots();
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} can't be read${explainFileFault(cause)}`, cause);
  }
}
