import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, readStartOf } from '../proof/is-running';
import { StartError } from './start-error';

/**
 * Claims the folder for the stack of this process, and returns what ends the claim. Two stacks in one folder would overwrite
 * each other's files, also while the first one still boots and no client can find it yet.
 */
export async function claimFolder(stateDirectory: string, localFile: string): Promise<() => Promise<void>> {
  const claim = join(stateDirectory, 'claim.json');
  const draft = `${claim}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ pid: process.pid, start: readStartOf(process.pid) }));
  try {
    // A link never replaces a file, and it appears with its whole content.
    while (!(await isLinked(draft, claim))) await removeAbandoned(claim, localFile);
  } finally {
    await rm(draft, { force: true });
  }
  // Removes the file of a crashed stack, to which clients would connect otherwise.
  await rm(localFile, { force: true });
  return async () => {
    // A boot that was interrupted may have written it meanwhile.
    await rm(localFile, { force: true });
    await rm(claim, { force: true });
  };
}

async function isLinked(draft: string, claim: string): Promise<boolean> {
  try {
    await link(draft, claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeAbandoned(claim: string, localFile: string): Promise<void> {
  const { pid, start } = await readState(claim);
  // After a crash, another process may have the pid: in a container, the next stack itself.
  if (typeof pid === 'number' && isRunning(pid) && readStartOf(pid) === start) {
    const local = await readState(localFile);
    const stop = `stop it with Ctrl-C in its terminal, or with kill ${pid}`;
    throw new StartError(
      local.pid === pid
        ? `a local stack runs in this folder already (${local.endpoint}): ${stop}`
        : `a local stack starts in this folder already: wait for it, or ${stop}`,
    );
  }
  await rm(claim, { force: true });
}

interface State {
  readonly pid?: unknown;
  readonly start?: unknown;
  readonly endpoint?: unknown;
}

async function readState(file: string): Promise<State> {
  return readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
}
