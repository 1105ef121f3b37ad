import type { PendingAnnouncement } from '../case/outbox';

/** `notify.digest` of cordon.yml. */
export type DigestSetting = 'off' | { readonly every: number } | undefined;

const hourMs = 3_600_000;

/** How often one message lists the cases that are only recorded, in ms; undefined: each has its own message. */
export function readDigestEvery(setting: DigestSetting): number | undefined {
  return setting === 'off' ? undefined : (setting?.every ?? hourMs);
}

/** The rules asked for no action. An action that a guard held back is announced at once. */
const onlyRecorded: ReadonlySet<string> = new Set(['playbook-observes', 'no-playbook', 'excepted']);

export function isForDigest({ kind, news }: Pick<PendingAnnouncement, 'kind' | 'news'>): boolean {
  return kind === 'observed' && news.length > 0 && news.every(({ code }) => onlyRecorded.has(code));
}
