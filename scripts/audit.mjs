import { spawnSync } from 'node:child_process';

/** Asks the registry for known vulnerabilities of all packages of the checkout: what `npm audit --json` prints. */
export function askRegistry(root) {
  const args = ['audit', '--json'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const npm = process.env.npm_execpath;
  // It exits 1 if it found something, and if it could not ask.
  const { stdout, error } = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, options);
  return error ? JSON.stringify({ message: String(error) }) : stdout;
}

/**
 * Judges the registry's answer about the packages that ship, by the bill of materials. The others are tools of the checkout and don't count.
 * `checked` is false if the registry was not asked or did not answer.
 */
export function judgeAudit(answer, bom) {
  let read;
  try {
    read = JSON.parse(answer);
  } catch {
    read = { message: `npm audit printed no JSON: ${answer.slice(0, 200)}` };
  }
  const { vulnerabilities, message, error } = read;
  if (vulnerabilities === undefined)
    return {
      checked: false,
      lines: [
        `NOT CHECKED for known vulnerabilities: ${message ?? error?.summary ?? 'npm audit gave no answer'}`,
        'Give the bill of materials (.cdx.json) to a scanner, or run this where the registry answers npm audit.',
      ],
    };
  const shipped = new Set(bom.components.map(({ name }) => name));
  const found = Object.values(vulnerabilities).filter(({ name }) => shipped.has(name));
  const others = Object.keys(vulnerabilities).length - found.length;
  return {
    checked: true,
    vulnerable: found.length > 0,
    lines: [
      ...found.map(
        ({ name, severity, range }) => `VULNERABLE: ${name} ${range} (${severity}) ships in the package`,
      ),
      ...(found.length === 0 ? [`npm audit: nothing known of the ${shipped.size} packages that ship`] : []),
      ...(others > 0
        ? [`${others} others of the checkout have known vulnerabilities; they do not ship`]
        : []),
    ],
  };
}
