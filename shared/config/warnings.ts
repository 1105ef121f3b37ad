import { listNamed, listServed } from '../../functions/notify/channels/registry';
import { findCommonTopics } from './keep-topics';
import { findNearMisses } from './near-misses';
import { findUntold as findSilent, listUnnamed } from './route-faults';
import type { FileConfiguration } from './schema';
import { findSenderWarnings } from './senders';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const thing = '${thing}';

/** Warnings about a valid cordon.yml. */
export function findWarnings(configuration: FileConfiguration): string[] {
  return [
    ...findNearMisses(configuration),
    ...findCommonTopics(configuration).map(
      (topic) => `every contained thing may use ${topic}: if each thing has its own, write ${thing} into it`,
    ),
    ...findSenderWarnings(configuration),
    ...findUntold(configuration),
    ...listUnnamed(configuration).map(
      (name) =>
        `notify.routes: no route names ${name}, so it shows nothing: name it, or leave it out of notify`,
    ),
    ...findVainDigest(configuration),
    ...(hasUnprovenButtons(configuration)
      ? [
          'guards.fourEyes: without notify.slack.operators, a button in Slack does not prove who pressed it, so no button contains or confirms',
        ]
      : []),
  ];
}

function hasUnprovenButtons({ guards, notify }: FileConfiguration): boolean {
  return guards.fourEyes && notify.slack !== undefined && notify.slack.operators === undefined;
}

/** A digest that was asked for, and that no route gives to anybody. */
function findVainDigest(configuration: FileConfiguration): string[] {
  const { digest } = configuration.notify;
  const isUntold = findSilent(configuration).some(({ status, isAll }) => isAll && status === 'observed');
  return typeof digest === 'object' && isUntold
    ? ['notify.digest: no route takes observed cases anywhere, so no digest is published']
    : [];
}

function findUntold({ notify }: FileConfiguration): string[] {
  const named = listNamed(notify);
  return [
    ...named.flatMap(({ descriptor, section }) => descriptor.findWarnings?.(section) ?? []),
    ...((notify.email ?? []).length > 0 ? [] : [writeAlarmsUntold(listServed(named))]),
  ];
}

/** Alarms need an e-mail address, whatever channel shows cases. */
function writeAlarmsUntold(served: readonly { readonly descriptor: { readonly title: string } }[]): string {
  const titles = served.map(({ descriptor }) => descriptor.title).join(' and ');
  return (
    `no e-mail address: ${titles ? `cases appear only in ${titles}, and nobody receives alarms` : 'nobody receives announcements and alarms'}: ` +
    'set notify.email, or --param="email=YOU@YOUR-DOMAIN"'
  );
}
