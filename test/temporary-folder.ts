import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterFile } from './runner/after-file';

/** Makes a folder that is removed after the present test file. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-test-'));
  afterFile(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
