/** How an interpreter's command line is read up to its script. */
interface Grammar {
  /** Options that take the next argument as their value. */
  readonly valued: RegExp;
  /** Options with code instead of a script. */
  readonly code: RegExp;
  /** Options whose value is the script. */
  readonly script?: RegExp;
  /** Subcommands before the script. */
  readonly verb?: RegExp;
}

const never = /^$/;
const shells = /^(?:sh|ash|dash|bash|zsh|ksh|mksh|rbash|yash|fish)$/;

const node: Grammar = {
  valued:
    /^(?:-r|-C|--(?:require|import|loader|experimental-loader|conditions|env-file(?:-if-exists)?|title|icu-data-dir|openssl-config|redirect-warnings|trace-event-(?:categories|file-pattern)|unhandled-rejections|diagnostic-dir|(?:cpu|heap)-prof-(?:dir|name)|report-(?:dir|directory|filename|signal)|tls-(?:cipher-list|keylog|min-v1\.[0-3])|max-http-header-size|watch-path|dns-result-order|localstorage-file|secure-heap(?:-min)?|disable-warning|disable-proto|inspect-port|debug-port|network-family-autoselection-attempt-timeout|input-type|experimental-default-type))$/,
  code: /^(?:-e|-p|-pe|--eval|--print|--run)$/,
};
const shell: Grammar = {
  valued: /^(?:[-+]o|[-+]O|--rcfile|--init-file)$/,
  code: /^-[a-zA-Z]*c[a-zA-Z]*$/,
};

/** The grammars by the name of the program, without the version that many have at its end. */
const grammars: readonly (readonly [program: RegExp, grammar: Grammar])[] = [
  [/^(?:node|nodejs|electron|iojs)$/, node],
  [/^bun$/, { ...node, verb: /^run$/ }],
  [
    /^deno$/,
    {
      valued: /^(?:-c|-L|--(?:config|import-map|lock|cert|log-level|env-file))$/,
      code: /^eval$/,
      verb: /^(?:run|serve)$/,
    },
  ],
  [
    /^(?:python|pypy|micropython|circuitpython)$/,
    { valued: /^-[WXQ]$/, code: /^-[a-zA-Z]*c$/, script: /^-[a-zA-Z]*m$/ },
  ],
  [shells, shell],
  [/^perl$/, { valued: /^-[IMm]$/, code: /^-[a-zA-Z0-9]*[eE]$/ }],
  [/^(?:ruby|jruby|mruby)$/, { valued: /^-[IrCEX]$/, code: /^-[a-zA-Z]*e$/ }],
  [/^(?:php|php-cgi|hhvm)$/, { valued: /^-[cdgtSzBERF]$/, code: /^-r$/, script: /^-f$/ }],
  [/^(?:lua|luajit|texlua)$/, { valued: /^-[el]$/, code: never }],
  [
    /^(?:java|jre)$/,
    {
      valued: /^(?:-cp|-p|-m|-classpath|--(?:class-path|module-path|add-modules|module))$/,
      code: never,
      script: /^-jar$/,
    },
  ],
  [
    /^(?:dotnet|mono)$/,
    {
      valued: /^--(?:depsfile|runtimeconfig|additionalprobingpath|fx-version|config)$/,
      code: never,
      verb: /^exec$/,
    },
  ],
  [
    /^(?:tclsh|wish|expect|guile|gjs|Rscript|julia|escript|awk|gawk|mawk|sed)$/,
    { valued: never, code: /^-[eE]$/, script: /^-f$/ },
  ],
];
/** Interpreters whose first argument is code; only an option names a script. */
const byOptionOnly = /^(?:awk|gawk|mawk|sed)$/;
const version = /[-_]?v?\d[\w.-]*$/;
const mostArguments = 64;

/** Other programs that run, or act as, what their arguments say. */
const runners =
  /^(?:busybox|toybox|coreutils|env|sudo|doas|su|runuser|setpriv|nohup|timeout|nice|ionice|xargs|find|ssh|nsenter|unshare|chroot|systemd-run|setsid|script|watch|strace|gdb|ld(?:-linux)?[\w.-]*|make|git|vim?|ed|tar|rsync|socat|nc|ncat|tclsh)$/;

/** True for a program, by its file name, that runs other programs by its arguments. */
export function runsAnything(program: string): boolean {
  const name = program.replace(version, '');
  return grammars.some(([known]) => known.test(program) || known.test(name)) || runners.test(program);
}

const wrappers = /^(?:env|sudo|doas|su|runuser|setpriv|nohup|nice|ionice|nsenter|unshare|chroot|setsid)$/;

/**
 * True for a program, by its file name, that usually becomes another one, such as a shell whose script ends with `exec
 * java`.
 */
export function isLauncher(program: string): boolean {
  return shells.test(program) || wrappers.test(program);
}

/** The script that an interpreter runs; undefined for other programs, or for code instead of a script. */
export function scriptArgumentOf(program: string, args: readonly string[]): string | undefined {
  const grammar = grammars.find(
    ([name]) => name.test(program) || name.test(program.replace(version, '')),
  )?.[1];
  if (!grammar) return undefined;
  const words = args.slice(1, 1 + mostArguments);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return words[at + 1];
    if (grammar.code.test(word)) return undefined;
    if (grammar.script?.test(word)) return words[at + 1];
    if (grammar.valued.test(word)) at += 1;
    else if (!/^[-+]./.test(word) && !(at === 0 && grammar.verb?.test(word)))
      return byOptionOnly.test(program) ? undefined : word;
  }
  return undefined;
}
