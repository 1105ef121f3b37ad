import type { Case } from '../case/case';
import type { UncheckedCase } from '../case/complete-case';
import type { LedgerEntry } from '../case/ledger-entry';
import type { PendingAnnouncement } from '../case/outbox';
import type { Reason } from '../case/reasons';
import type { ViolationRecord } from '../case/violation-record';
import { describeAll } from './describe-detail';
import { type DescribedEntry, describeEntry } from './describe-event';
import { describeAllNews } from './describe-news';
import { describeLeftOut, describeReason } from './describe-reason';

/** A case with words in place of codes, as the API answers it and earlier releases stored it. */
export interface CaseInWords
  extends Omit<UncheckedCase, 'reason' | 'leftOut' | 'violations' | 'ledger' | 'outbox'> {
  readonly reason?: string;
  readonly leftOut?: readonly string[];
  readonly violations: Readonly<Record<string, ViolationInWords>>;
  readonly ledger: readonly LedgerEntryInWords[];
  readonly outbox: OutboxInWords;
}

type InWords<R> = R extends ViolationRecord ? Omit<R, 'excepted'> & { readonly excepted?: string } : never;

type ViolationInWords = InWords<ViolationRecord>;

type LedgerEntryInWords = Omit<LedgerEntry, 'detail' | 'left'> & {
  readonly detail?: string;
  readonly left?: readonly string[];
};

interface OutboxInWords extends Omit<Case['outbox'], 'announcements' | 'timeline'> {
  readonly announcements: readonly (Omit<PendingAnnouncement, 'news'> & { readonly text: string })[];
  readonly timeline: readonly DescribedEntry[];
}

export function describeCase({ reason, leftOut, violations, ledger, outbox, ...record }: Case): CaseInWords {
  return {
    ...record,
    ...(reason && { reason: describeReason(reason) }),
    ...(leftOut && { leftOut: leftOut.map(describeLeftOut) }),
    violations: Object.fromEntries(
      Object.entries(violations).map(([key, { excepted, ...violation }]) => [
        key,
        { ...violation, ...(excepted && { excepted: describeReason(excepted) }) },
      ]),
    ),
    ledger: ledger.map(({ detail, left, ...entry }) => ({
      ...entry,
      ...(detail && { detail: describeAll(detail) ?? '' }),
      ...(left && { left: left.map((one) => describeAll([one]) ?? '') }),
    })),
    outbox: {
      ...outbox,
      announcements: outbox.announcements.map(({ news, ...pending }) => ({
        ...pending,
        text: describeAllNews(news),
      })),
      timeline: outbox.timeline.map(describeEntry),
    },
  };
}

/** The case as people and programs see it: programs go by the code of the reason. */
export function showCaseInWords(record: Case): CaseInWords & { readonly reasonCode?: Reason } {
  return { ...describeCase(record), ...(record.reason && { reasonCode: record.reason }) };
}
