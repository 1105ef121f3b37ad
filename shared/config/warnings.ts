import { listNamed, listServed } from '../../functions/notify/channels/registry';
import { findCommonTopics } from './keep-topics';
import { findNearMisses } from './near-misses';
import type { FileConfiguration } from './schema';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
const thing = '${thing}';

/** Warnings about a valid cordon.yml. */
export function findWarnings(configuration: FileConfiguration): string[] {
  return [
    ...findNearMisses(configuration),
    ...findCommonTopics(configuration).map(
      (topic) => `every contained thing may use ${topic}: if each thing has its own, write ${thing} into it`,
    ),
    ...findUntold(configuration),
    ...(hasUnprovenButtons(configuration)
      ? [
          'guards.fourEyes: without notify.slack.operators, a press in Slack proves nobody, so that no button contains by hand or confirms',
        ]
      : []),
  ];
}

function hasUnprovenButtons({ guards, notify }: FileConfiguration): boolean {
  return guards.fourEyes && notify.slack !== undefined && notify.slack.operators === undefined;
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
