/** The end of an ARN distinguishes people. A role of IAM Identity Center has a long name, and sessions named after its users. */
export function shortenActor(actor: string): string {
  const user = /^arn:[^/]+:assumed-role\/AWSReservedSSO_[^/]+\/(.+)$/s.exec(actor)?.[1];
  if (user !== undefined) return user;
  return actor.startsWith('arn:') ? actor.slice(actor.indexOf('/') + 1) : actor;
}

/** `assigned to ARN`, with the ARN shortened. */
export function shortenEvent(what: string): string {
  return what.replace(
    /^(assigned to )(.+)$/s,
    (_, words: string, actor: string) => words + shortenActor(actor),
  );
}
