import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import type { PathLike } from 'node:fs';
import { chmod, link, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { CliError } from '../cli-error';
import { codeOf, explainFileFault } from '../explain-file-fault';

/** The files of one device, as they are copied to it. */
export const fileNames = {
  key: 'private.key',
  certificate: 'certificate.pem',
  rootCa: 'root-ca.pem',
  configuration: 'config.yml',
} as const;

type DeviceFile = keyof typeof fileNames;

/** Only the key is secret, but the folder is private as well. */
const modes: Readonly<Record<DeviceFile, number>> = {
  key: 0o600,
  certificate: 0o644,
  rootCa: 0o644,
  configuration: 0o644,
};

export interface DeviceFolder {
  readonly path: string;
  pathOf(file: DeviceFile): string;
  read(file: DeviceFile): Promise<string | undefined>;
  /** Writes atomically, with the right mode even if the file existed. */
  write(file: DeviceFile, text: string): Promise<void>;
  /** Writes a file unless it exists. Resolves to the text that it then has. */
  create(file: DeviceFile, text: string): Promise<string>;
  /** Deletes the device's files, and the folder if it is then empty. */
  remove(): Promise<void>;
}

/** The folder, if it exists. */
export async function findFolder(path: string): Promise<DeviceFolder | undefined> {
  const folder = folderAt(path);
  return (await folder.read('certificate')) === undefined ? undefined : folder;
}

/** Creates the folder. Resolves to a function that removes it and its new parents again, if they are empty. */
export async function createFolder(path: string): Promise<() => Promise<void>> {
  let first: string | undefined;
  try {
    first = await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CliError(`${path} can't be created${explainFileFault(cause)}`, cause);
  }
  return async () => {
    if (first === undefined) return;
    const parents = relative(first, path).split(sep).filter(Boolean);
    // The innermost first. It holds files, or those of other devices.
    for (let count = parents.length; count >= 0; count--)
      if (!(await isRemoved(join(first, ...parents.slice(0, count))))) return;
  };
}

const isRemoved = (folder: string) =>
  rmdir(folder).then(
    () => true,
    () => false,
  );

/** The folder, which need not exist: then it has no files. */
export function folderAt(path: string): DeviceFolder {
  const pathOf = (file: DeviceFile) => join(path, fileNames[file]);
  async function place(file: DeviceFile, text: string, to: typeof rename): Promise<void> {
    const draft = `${pathOf(file)}.${randomUUID()}.tmp`;
    try {
      // `wx` never follows a file or link that somebody created there.
      await writeFile(draft, text, { mode: modes[file], flag: 'wx' });
      // The umask restricts the mode of a new file.
      await chmod(draft, modes[file]);
      await to(draft, pathOf(file));
    } catch (cause) {
      await rm(draft, { force: true });
      throw new CliError(`${pathOf(file)} can't be written${explainFileFault(cause)}`, cause);
    }
  }
  const folder: DeviceFolder = {
    path,
    pathOf,

    async read(file) {
      try {
        return await readFile(pathOf(file), 'utf8');
      } catch (cause) {
        if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return undefined;
        throw new CliError(`${pathOf(file)} can't be read${explainFileFault(cause)}`, cause);
      }
    },

    write: (file, text) => place(file, text, rename),

    async create(file, text) {
      await place(file, text, linkNew);
      const there = await folder.read(file);
      if (there === undefined)
        throw new CliError(`${pathOf(file)} was deleted meanwhile: run the command again`);
      return there;
    },

    async remove() {
      try {
        // The key first, because nobody should find it later.
        for (const file of Object.keys(fileNames) as DeviceFile[]) await rm(pathOf(file), { force: true });
      } catch (cause) {
        throw new CliError(`the files in ${path} can't be deleted${explainFileFault(cause)}`, cause);
      }
      await rmdir(path).catch((cause: unknown) => {
        if (codeOf(cause) !== 'ENOTEMPTY')
          throw new CliError(`${path} can't be deleted${explainFileFault(cause)}`, cause);
      });
    },
  };
  return folder;
}

/** Moves a draft to its place, or deletes it if the place is taken. */
async function linkNew(draft: PathLike, place: PathLike): Promise<void> {
  try {
    await link(draft, place);
  } catch (cause) {
    // File systems without hard links, such as FAT.
    if (['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(cause))) return rename(draft, place);
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
  await rm(draft);
}

export interface FolderCertificate {
  readonly x509: X509Certificate;
  /** AWS IoT's id: SHA-256 of the DER form, in hexadecimal. */
  readonly certificateId: string;
}

export async function readCertificate(folder: DeviceFolder): Promise<FolderCertificate | undefined> {
  const pem = await folder.read('certificate');
  if (pem === undefined) return undefined;
  try {
    return { x509: new X509Certificate(pem), certificateId: certificateIdOf(pem) };
  } catch (cause) {
    throw new CliError(
      `${folder.pathOf('certificate')} is not a certificate in PEM format: restore it, or give another --out`,
      cause,
    );
  }
}

/** AWS IoT's id of a certificate. */
export function certificateIdOf(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
