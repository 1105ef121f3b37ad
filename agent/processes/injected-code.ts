import { codeOf, host } from '../host';
import { type ProcReader, smallFileBytes } from '../proc/proc-reader';
import { fileNameOf } from '../text';

/** Variables by which anybody who starts a program has it run other code: of the loader (ld.so(8)) and of libraries. */
const ofAll =
  /^(?:LD_(?:AUDIT|LIBRARY_PATH|ORIGIN_PATH|PRELOAD|PROFILE.*)|GCONV_PATH|OPENSSL_(?:CONF.*|ENGINES|MODULES))$/;
/** The same of single programs, by the name of the program. */
const ofPrograms: readonly (readonly [program: RegExp, variables: RegExp])[] = [
  [
    /^(?:ba|da|k|mk|z|a)?sh$|^busybox/,
    /^(?:BASH_ENV|ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|PS4|PROMPT_COMMAND|ZDOTDIR|FPATH)$/,
  ],
  [/^perl/, /^(?:PERL5OPT|PERL5LIB|PERLLIB|PERL5DB)$/],
  [/^py(?:thon|py)/, /^PYTHON(?:PATH|HOME|STARTUP|INSPECT|USERBASE|BREAKPOINT|WARNINGS|PLATLIBDIR)$/],
  [/^(?:node|nodejs|bun|deno)/, /^(?:NODE_OPTIONS|NODE_PATH|BUN_.*|DENO_.*)$/],
  [/^(?:j?ruby|irb)/, /^(?:RUBYOPT|RUBYLIB)$/],
  [/^java/, /^(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH)$/],
  [/^lua/, /^LUA_.*$/],
  [/^php/, /^(?:PHPRC|PHP_INI_SCAN_DIR)$/],
  [/^(?:tclsh|wish|expect)/, /^TCLLIBPATH$/],
  [/^[gmn]?awk/, /^AWK(?:PATH|LIBPATH)$/],
  [/^git/, /^GIT_.*$/],
  [/^curl/, /^CURL_HOME$/],
  [/^wget/, /^(?:SYSTEM_)?WGETRC$/],
  [/^tar/, /^TAR_OPTIONS$/],
  [/^rsync/, /^RSYNC_.*$/],
];

const mostMapped = 512;
const deletedMark = ' (deleted)';
/** S_ISVTX, and S_IWGRP with S_IWOTH, of inode(7). */
const stickyBit = 0o1000;
const writableByOthers = 0o022;

/**
 * Says whether a program may run injected code: through a variable of its environment, a mapped executable file, or file
 * systems of its own. Files that only root could have put there do not count. What can't be read counts as injected.
 */
export function hasInjectedCode(proc: ProcReader, pid: number, program: string, ownPid: number): boolean {
  // In a user namespace of one's own anybody can put another file at each path.
  if (proc.readLink(`${pid}/ns/user`) !== proc.readLink(`${ownPid}/ns/user`)) return true;
  const environ = proc.read(`${pid}/environ`);
  if (typeof environ === 'string' || environ.length >= smallFileBytes) return true;
  const root = proc.pathOf(`${pid}/root`);
  if (listLoaders(environ.toString('latin1'), fileNameOf(program)).some((path) => !isRoots(root, path)))
    return true;
  const maps = proc.readWhole(`${pid}/maps`);
  if (typeof maps === 'string') return true;
  const mapped = listMapped(maps.toString('utf8'));
  return mapped.length > mostMapped || mapped.some((path) => !isRootsMapping(root, path));
}

/** The paths in the variables that have the program run other code. */
function listLoaders(environ: string, program: string): readonly string[] {
  const own = ofPrograms.filter(([name]) => name.test(program)).map(([, variables]) => variables);
  return environ.split('\0').flatMap((one) => {
    const at = one.indexOf('=');
    const [name, value] = [one.slice(0, at), one.slice(at + 1)];
    const isLoader = ofAll.test(name) || own.some((variables) => variables.test(name));
    // An empty part of a path is the working directory.
    return isLoader && value !== '' ? value.split(/[:; ]/) : [];
  });
}

/** The files that are mapped to be run: address, permissions, offset, device, inode, path (proc_pid_maps(5)). */
function listMapped(maps: string): readonly string[] {
  const paths = maps.split('\n').flatMap((line) => {
    const [, inode, path] = /^\S+ ..x. \S+ \S+ (\d+) +(\/.*)$/.exec(line) ?? [];
    return path === undefined || inode === '0' ? [] : [path];
  });
  return [...new Set(paths)];
}

/** If the file was removed since, as an upgrade does, its folder says who put it there. */
function isRootsMapping(root: string, path: string): boolean {
  if (!path.endsWith(deletedMark)) return isRoots(root, path);
  // No folder: a file of memory (`/memfd:`) or the like.
  const folder = path.slice(0, path.lastIndexOf('/'));
  return folder !== '' && isRoots(root, folder);
}

/** Says whether only root can replace the file at a path, as seen below `root`. */
function isRoots(root: string, path: string): boolean {
  const parts = path.replace(/\/+$/, '').split('/');
  const [first, top] = parts;
  // Relative to an unknown folder; what is below these differs for each process.
  if (first !== '' || !top || top === 'proc' || top === 'dev' || parts.includes('..')) return false;
  const folders = parts.slice(2).map((_, index) => parts.slice(0, index + 2).join('/'));
  try {
    return (
      folders.every((folder) => isFolderSafe(`${root}${folder}`)) &&
      host.lstatSync(`${root}${path}`).uid === 0 &&
      isSafe(host.statSync(`${root}${path}`))
    );
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
    return false;
  }
}

/** A folder, or a link to one, in which only root can replace root's files; a sticky folder such as /tmp is safe, too. */
function isFolderSafe(path: string): boolean {
  const folder = host.statSync(path);
  return (
    host.lstatSync(path).uid === 0 &&
    (isSafe(folder) || (folder.uid === 0 && (folder.mode & stickyBit) !== 0))
  );
}

function isSafe({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === 0 && (mode & writableByOthers) === 0;
}
