import { cutText } from '../text';

const hidden = '***';

/** Words that name a secret, as a whole word or at the end of one: DB_PASSWORD, --api-key, access_token. */
const secretName =
  '(?:[\\w.-]*[_.-])?(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|auth|bearer|apikey|(?:api|access|private|secret|account|encryption)[_.-]?key|key|sig(?:nature)?)s?(?:[_.-](?:id|value|key))?';

const secretOption = new RegExp(`^--?(?:${secretName})$`, 'i');
/** An option and its value inside one argument: `sh -c` carries a whole command line in one. */
const nestedSecretOption = new RegExp(
  `((?:^|\\s)(--?(?:${secretName})|-p)\\s+)("[^"]*"|'[^']*'|[^\\s]+)`,
  'gi',
);
const secretAssignment = new RegExp(
  `((?:^|[\\s?&;,"'{])-{0,2}(?:${secretName})["']?\\s*[=:]\\s*)[^\\s&;,]+`,
  'gi',
);
const camelSecretAssignment = /(\b\w*(?:Password|Passwd|Secret|Token|Key)["']?[=:])[^\s&;,]+/g;
/** The user info of a URL (RFC 3986, section 3.2.1), whole: the user name alone can be the token. */
const urlUserInfo = /\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@]+(?:@[^\s/@]*)*@/gi;
const authorizationHeader =
  /\b((?:proxy-)?authorization\s*[:=]\s*)(?:(basic|bearer|digest|aws4-hmac-sha256)\s+)?.+/gi;
const cookieHeader = /\b((?:set-)?cookie\s*[:=]\s*).+/gi;
/** Secrets that are recognized anywhere: AWS key ids, JSON web tokens, tokens of Slack and GitHub. */
const knownSecret =
  /\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|xox[abeoprs]-[\w-]{8,}|gh[opsur]_\w{20,}|github_pat_\w{20,})/g;
/** Ports, as programs that connect or listen take them after -p: what evidence is for. */
const ports = /^(?:\d{1,3}(?:\.\d{1,3}){3}:)?\d{1,5}(?:[-,:]\d{1,5})*(?:\/(?:tcp|udp))?$/;
/** Programs whose -p is a password, even if it has only digits. */
const takesPassword =
  /(?:^|[\s/;|&])(?:mysql\w*|mariadb\w*|sshpass|mongo\w*|mosquitto_\w+|7z\w*|zip|unzip|rar|unrar|smbclient|docker\s+login|htpasswd|ldap\w+|cadaver|curl|wget|openssl|gpg)(?:\s|$)/;
/** `-psecret` (mysql, sshpass), but not the words of find, cc and their like. */
const shortPassword = /^-p(?!ath$|erm$|id$|ort$|rint0?$|rune$|thread$)./s;

/** Joins the arguments of a process to one line of at most `limit` characters with its secrets hidden. */
export function redactCommandLine(args: readonly string[], limit = 1024): string {
  const shown: string[] = [];
  let length = 0;
  const mayBePort = !takesPassword.test(cutText(args.slice(0, 3).join(' '), limit));
  for (let index = 0; index < args.length && length <= limit; index += 1) {
    const text = redactArgument(args[index] ?? '', args[index - 1], mayBePort, limit);
    shown.push(text);
    length += text.length + 1;
  }
  return cutText(shown.join(' '), limit);
}

function redactArgument(arg: string, before: string | undefined, mayBePort: boolean, limit: number): string {
  if (mayBePort && /^-[pP]/.test(before === '-p' || before === '-P' ? before : arg)) {
    if (ports.test(before === '-p' || before === '-P' ? arg : arg.slice(2))) return arg;
  }
  if (before !== undefined && isSecretOption(before)) return hidden;
  if (before === '-u' || before === '--user') return arg.replace(/:.*/s, `:${hidden}`);
  if (shortPassword.test(arg)) return `-p${hidden}`;
  // Cut well after the limit, so that a secret across the limit is still seen whole and a huge argument costs little.
  return redactText(cutText(arg, limit * 4));
}

function isSecretOption(arg: string): boolean {
  return arg === '-p' || arg === '-P' || secretOption.test(arg);
}

function redactText(text: string): string {
  return text
    .replace(urlUserInfo, `$1${hidden}@`)
    .replace(authorizationHeader, `$1${hidden}`)
    .replace(cookieHeader, `$1${hidden}`)
    .replace(secretAssignment, `$1${hidden}`)
    .replace(camelSecretAssignment, `$1${hidden}`)
    .replace(nestedSecretOption, (whole, start: string, option: string, value: string, at: number) =>
      option === '-p' && ports.test(value) && !takesPassword.test(text.slice(0, at)) ? whole : start + hidden,
    )
    .replace(knownSecret, hidden);
}
