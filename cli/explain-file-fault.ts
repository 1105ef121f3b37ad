const advice: Readonly<Record<string, string>> = {
  EACCES: 'check its permissions',
  EISDIR: 'name a file, not a folder',
  ENOENT: 'check the path',
  ENOSPC: 'the disk is full, so free some space',
  ENOTDIR: 'check the path',
  EPERM: 'check its permissions',
  EROFS: 'name a folder that is not read-only',
};

/** The code of a failed access to a file and what to do about it, as the end of a message: ` (ENOENT): check the path`. */
export function explainFileFault(error: unknown): string {
  const code = codeOf(error);
  return ` (${code})${advice[code] === undefined ? '' : `: ${advice[code]}`}`;
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
