import { host } from '../host';

/** Returns the name of a user id from /etc/passwd, or the number itself if there is none. */
export function createUserNames(path = '/etc/passwd'): (id: number) => string {
  let names: ReadonlyMap<number, string> | undefined;
  return (id) => {
    names ??= parsePasswd(readOrEmpty(path));
    return names.get(id) ?? String(id);
  };
}

/** Reads passwd(5): `name:password:uid:...`; the first name of an id wins, as in getpwuid(3). */
export function parsePasswd(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (!name || id === undefined || !/^\d+$/.test(id) || names.has(Number(id))) continue;
    names.set(Number(id), name);
  }
  return names;
}

function readOrEmpty(path: string): string {
  try {
    return host.readFileSync(path, 'utf8');
  } catch {
    // A container without passwd: the evidence then carries the number.
    return '';
  }
}
