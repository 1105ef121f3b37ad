import { codeOf, host } from '../host';

/** True if the running file is the expected one, and only root may change it. */
export function isTrustedFile(running: string, configured: string): boolean {
  try {
    const file = host.statSync(running);
    const wanted = host.statSync(configured);
    const isRoots = file.uid === 0 && (file.mode & 0o022) === 0;
    return isRoots && file.dev === wanted.dev && file.ino === wanted.ino;
  } catch (error) {
    // A file that can't be checked is no exception.
    if (codeOf(error) === 'no code') throw error;
    return false;
  }
}
