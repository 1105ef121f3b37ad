/** The end of an ARN distinguishes people. */
export function shortenActor(actor: string): string {
  return actor.startsWith('arn:') ? actor.slice(actor.indexOf('/') + 1) : actor;
}
