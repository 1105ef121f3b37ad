import type { Case } from '../../shared/domain/case/case';
import { NotTried, until } from './recorder';
import type { Scene } from './scene';

/** Waits until the announcement of the containment has left the case and Slack shows it; resolves to who was told. */
export async function waitForPeople(
  { target, configuration, signal }: Scene,
  contained: Case,
): Promise<string> {
  const { slack, email } = configuration.notify;
  const parts: string[] = [];
  await until(
    'the announcement is not sent',
    async () =>
      (await target.cases.load(contained.thingName))?.value.outbox.announcements.length === 0
        ? true
        : undefined,
    30_000,
    signal,
  );
  if (slack) {
    await until(
      `Slack's ${slack.channel} does not show the case`,
      async () => {
        const state = (await target.slackStates.load(contained.caseId))?.value;
        return state && state.ts !== '' && state.newest === undefined ? true : undefined;
      },
      60_000,
      signal,
    );
    parts.push(`Slack ${slack.channel} shows it`);
  }
  if (email.length > 0) parts.push(`SNS has the e-mail for ${email.length} address(es)`);
  if (parts.length === 0) throw new NotTried('cordon.yml names nobody to tell');
  return parts.join(', ');
}
