import {
  type CredentialPaths,
  type Credentials,
  CredentialsError,
  loadCredentials,
} from '../config/credentials';
import { host } from '../host';
import { createFolder } from '../state-file';
import { type Finding, failed, ok, warning } from './finding';

const dayMs = 86_400_000;
const soonDays = 30;
/** R_OK, W_OK and X_OK (access(2)). */
const mayUse = 7;
const littleBytes = 1024 * 1024;

/** Checks certificate, key and CA. Without a failed finding, there are credentials. */
export function checkCredentials(
  paths: CredentialPaths,
  now: number,
): { readonly findings: readonly Finding[]; readonly credentials?: Credentials } {
  const problems: string[] = [];
  let credentials: Credentials;
  try {
    credentials = loadCredentials(paths, now, (problem) => problems.push(problem));
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    return { findings: [failed('credentials', error.message)] };
  }
  const daysLeft = (credentials.expiresAt - now) / dayMs;
  const until = new Date(credentials.expiresAt).toISOString();
  const findings = problems.map((problem) =>
    problem.startsWith('--cert:')
      ? failed('certificate', problem, `the device's clock says ${new Date(now).toISOString()}`)
      : warning('key', problem),
  );
  if (daysLeft >= 0 && daysLeft < soonDays) {
    findings.push(warning('certificate', `expires on ${until}`, 'replace it in time'));
  }
  return {
    credentials,
    findings: [ok('credentials', `${paths.certPath} is valid until ${until} and fits its key`), ...findings],
  };
}

/** Report ids and the containment survive a restart in the state folder. */
export function checkState(directory: string): Finding {
  try {
    createFolder(directory);
    host.accessSync(directory, mayUse);
    const { bavail, bsize } = host.statfsSync(directory);
    if (bavail * bsize < littleBytes)
      return warning(
        'state',
        `${directory} has less than 1 MB of room`,
        'report ids may go back after a restart',
      );
    return ok('state', directory);
  } catch (error) {
    return warning(
      'state',
      `${directory} cannot be used: ${(error as Error).message}`,
      'give --state-dir; without it, report ids may go back and undelivered reports are lost after a restart',
    );
  }
}
