/** Parameters of a deploy that replace values of cordon.yml (`sls deploy --param NAME=VALUE`), as typed. */
export interface Parameters {
  /** osls passes null for a parameter that was not given. */
  readonly detector?: string | null | undefined;
  /** Addresses, separated by commas, that replace all those in cordon.yml. */
  readonly email?: string | null | undefined;
  /** As `history.keepClosed`. */
  readonly keepClosed?: string | null | undefined;
  /** A parameter of earlier versions, which is refused. */
  readonly killSwitch?: string | null;
  /** Not in cordon.yml: `adopt` imports the table of an earlier stack (infra/deploy/complete-template-plugin.cjs). */
  readonly table?: string | null;
  /** Not in cordon.yml: tags of all that the stack has (infra/template/tags.ts). */
  readonly tags?: string | null;
}

/** cordon.yml as a person wrote it, and what of it the deploy replaced. */
export interface Source {
  readonly text: string;
  readonly parameters: { readonly [N in 'detector' | 'email' | 'keepClosed']?: string | undefined };
}

/** Those that were given and replace a value of cordon.yml. */
export function pickParameters({ detector, email, keepClosed }: Parameters): Source['parameters'] {
  return {
    ...(isGiven(detector) && { detector }),
    ...(isGiven(email) && { email: String(email) }),
    ...(isGiven(keepClosed) && { keepClosed }),
  };
}

/** The configuration with the parameters' values. The schema checks both alike. */
export function putParameters(written: unknown, { detector, email, keepClosed }: Parameters): unknown {
  if (!isMapping(written)) return written;
  const { notify = {}, history = {} } = written;
  return {
    ...written,
    ...(isGiven(detector) && { detector }),
    ...(isGiven(email) &&
      isMapping(notify) && {
        notify: { ...notify, email: splitList(email) },
      }),
    ...(isGiven(keepClosed) && isMapping(history) && { history: { ...history, keepClosed } }),
  };
}

/** `NAME=VALUE` of each parameter that replaces the value at `path`, or of every given parameter without a path. */
export function nameParameters(
  { detector, email, keepClosed }: Parameters,
  path?: readonly (string | number)[],
): string[] {
  const place = path?.join('.');
  return [
    ...(isGiven(detector) && /^detector$/.test(place ?? 'detector') ? [`detector=${detector}`] : []),
    ...(isGiven(email) && /^notify\.email\b/.test(place ?? 'notify.email') ? [`email=${email}`] : []),
    ...(isGiven(keepClosed) && /^history\.keepClosed$/.test(place ?? 'history.keepClosed')
      ? [`keepClosed=${keepClosed}`]
      : []),
  ];
}

/** serverless.yml may have a list, or a value that is not text, which the schema refuses. */
function splitList(given: unknown): unknown {
  return typeof given === 'string' ? given.split(',').map((item) => item.trim()) : given;
}

function isGiven(text: string | null | undefined): text is string {
  return text !== undefined && text !== null;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
