import { listNamed, listServed } from '../../functions/notify/channels/registry';
import type { Case } from '../../shared/domain/case/case';
import { NotTried, until } from './recorder';
import type { Scene } from './scene';

/** Waits until the announcement of the containment has left the case and the channels show it; resolves to the receivers. */
export async function waitForPeople(
  { target, configuration, signal }: Scene,
  contained: Case,
): Promise<string> {
  const named = listNamed(configuration.notify);
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
  for (const { name, descriptor, section } of listServed(named)) {
    const who = descriptor.listTold(section).join(', ');
    const states = target.statesOf(name);
    await until(
      `${who} does not show the case`,
      async () => {
        const state = (await states.load(contained.caseId))?.value;
        return state && state.lastSeq > 0 && state.newest === undefined ? true : undefined;
      },
      60_000,
      signal,
    );
    parts.push(`${who} shows it`);
  }
  const addresses = named.flatMap(({ descriptor, section }) =>
    descriptor.delivery === 'subscription' ? descriptor.listEndpoints(section) : [],
  );
  if (addresses.length > 0) parts.push(`SNS has the e-mail for ${addresses.length} address(es)`);
  if (parts.length === 0) throw new NotTried('cordon.yml names nobody to notify');
  return parts.join(', ');
}
