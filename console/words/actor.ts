/** The end of an ARN distinguishes people. */
export function shortenActor(actor: string): string {
  return actor.startsWith('arn:') ? actor.slice(actor.indexOf('/') + 1) : actor;
}

/** `assigned to ARN`, as people say it. */
export function shortenAct(what: string): string {
  return what.replace(
    /^(assigned to )(.+)$/s,
    (_, words: string, actor: string) => words + shortenActor(actor),
  );
}
