import type { PendingAnnouncement } from '../case/case';

/** `notify.digest` of cordon.yml. */
export type DigestSetting = 'off' | { readonly every: number } | undefined;

const hourMs = 3_600_000;

/** How often people are told of cases that are only recorded, in ms; undefined: of each one by itself. */
export function readDigestEvery(setting: DigestSetting): number | undefined {
  return setting === 'off' ? undefined : (setting?.every ?? hourMs);
}

/** The rules wanted nothing done. What a guard kept from being done is told at once. */
const onlyRecorded: ReadonlySet<string> = new Set(['playbook-observes', 'no-playbook', 'excepted']);

export function isForDigest({ kind, news }: Pick<PendingAnnouncement, 'kind' | 'news'>): boolean {
  return kind === 'observed' && news.length > 0 && news.every(({ code }) => onlyRecorded.has(code));
}
