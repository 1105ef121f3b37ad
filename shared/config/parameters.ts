/** What one deploy may say instead of cordon.yml (`sls deploy --param NAME=VALUE`), as it was typed. */
export interface Parameters {
  /** Null is what osls has for a parameter that was not given. */
  readonly detector?: string | null;
  /** Addresses, separated by commas; they take the place of all that cordon.yml has. */
  readonly email?: string | null;
  /** As `history.keepClosed`. */
  readonly keepClosed?: string | null;
  /** Given by who knows the parameter of an earlier version: refused. */
  readonly killSwitch?: string | null;
  /** Not of cordon.yml: `adopt` takes in the table that an earlier stack left (infra/add-deletion-guard-plugin.cjs). */
  readonly table?: string | null;
}

/** The written configuration with what the parameters say in its place; the schema judges both alike. */
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

/** `NAME=VALUE` of each parameter that stands for the value at `path`; without a path, of each that was given. */
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

/** serverless.yml may have a list, or what is no text at all, which the schema refuses. */
function splitList(given: unknown): unknown {
  return typeof given === 'string' ? given.split(',').map((item) => item.trim()) : given;
}

function isGiven(text: string | null | undefined): text is string {
  return text !== undefined && text !== null;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
