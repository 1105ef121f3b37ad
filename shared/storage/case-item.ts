import type { Case } from '../domain/case/case';
import { completeCase } from '../domain/case/complete-case';
import type { Detail } from '../domain/case/details';
import type { LedgerEntry } from '../domain/case/ledger-entry';
import type { News, TimelineEvent } from '../domain/case/news';
import type { LeftOut, Reason } from '../domain/case/reasons';
import { type CaseInWords, describeCase } from '../domain/messages/describe-case';
import type { ThingKey } from '../domain/thing-ref';
import { DamagedItemError } from '../errors';
import { type CaseInFirstNames, fromFirstNames, toFirstNames } from './first-names';
import { thingOf } from './keys';

/**
 * A case as the table has it: `value` in words, as earlier releases read and write it, and `codes` for those words. An
 * older function that writes the item drops `codes`, so the codes never contradict the words.
 */
export interface CaseItem {
  readonly value: CaseInFirstNames;
  readonly codes?: Codes;
}

/** The codes in the order of their lists. */
interface Codes {
  readonly reason?: Reason;
  readonly leftOut?: readonly LeftOut[];
  readonly excepted: Readonly<Record<string, Reason>>;
  readonly ledger: readonly Pick<LedgerEntry, 'detail' | 'left'>[];
  readonly announcements: readonly (readonly News[])[];
  readonly timeline: readonly TimelineEvent[];
}

export function writeCase(record: Case): CaseItem {
  const { reason, leftOut, violations, ledger, outbox } = record;
  return {
    value: toFirstNames(describeCase(record)),
    codes: {
      ...(reason && { reason }),
      ...(leftOut && { leftOut }),
      excepted: Object.fromEntries(
        Object.entries(violations).flatMap(([key, { excepted }]) => (excepted ? [[key, excepted]] : [])),
      ),
      ledger: ledger.map(({ detail, left }) => ({ ...(detail && { detail }), ...(left && { left }) })),
      announcements: outbox.announcements.map(({ news }) => news),
      timeline: outbox.timeline.map(({ event }) => event),
    },
  };
}

export function readCase(item: CaseItem): Case {
  try {
    return readWhole(item);
  } catch (error) {
    // The function met a missing field, or a field of another type.
    if (error instanceof TypeError) throw new DamagedItemError(item.value?.thingName, error);
    throw error;
  }
}

/** Many cases, for people. */
export interface StoredCases {
  readonly cases: readonly Case[];
  /** The things whose case can't be read: one damaged item must not hide the others, nor itself. */
  readonly damaged: readonly ThingKey[];
}

export function readCases(items: readonly object[]): StoredCases {
  const { cases, damaged } = readUndamaged(items);
  return { cases, damaged: damaged.map((item) => thingOf((item as { readonly pk?: unknown }).pk)) };
}

/** The cases of items, and the items that can't be read. */
export function readUndamaged<T extends object>(items: readonly T[]) {
  const cases: Case[] = [];
  const damaged: T[] = [];
  for (const item of items) {
    try {
      cases.push(readCase(item as unknown as CaseItem));
    } catch (error) {
      if (!(error instanceof DamagedItemError)) throw error;
      damaged.push(item);
    }
  }
  return { cases, damaged };
}

function readWhole({ value: stored, codes }: CaseItem): Case {
  const value = fromFirstNames(stored);
  const { reason: _reason, leftOut: _leftOut, violations, ledger, outbox, isTold, ...rest } = value;
  const known = codes ?? readWords(value);
  const wasTold = codes ? isTold : isToldOf(value);
  return completeCase({
    ...rest,
    ...(known.reason && { reason: known.reason }),
    ...(known.leftOut && { leftOut: known.leftOut }),
    violations: Object.fromEntries(
      Object.entries(violations).map(([key, { excepted: _words, ...violation }]) => {
        const excepted = known.excepted[key];
        return [key, { ...violation, ...(excepted && { excepted }) }];
      }),
    ),
    ledger: ledger.map(({ detail: _detail, left: _left, ...entry }, index) => ({
      ...entry,
      ...known.ledger[index],
    })),
    outbox: {
      ...outbox,
      announcements: outbox.announcements.map(({ text: _text, ...pending }, index) => ({
        ...pending,
        news: known.announcements[index] ?? [],
      })),
      timeline: outbox.timeline.map(({ at, actor }, index) => ({
        at,
        ...(actor !== undefined && { actor }),
        event: known.timeline[index] ?? { code: 'text', what: '' },
      })),
    },
    ...(wasTold && { isTold: wasTold }),
  });
}

/** In earlier releases, a reason meant that an unverified containment had been announced. */
function isToldOf({ status, reason }: CaseInWords): true | undefined {
  const isWaiting = status === 'containing' || status === 'containment-failed';
  return isWaiting && reason !== undefined ? true : undefined;
}

/** Reads reasons and details that were stored as text only. */
function readWords({ reason, leftOut, violations, ledger, outbox }: CaseInWords): Codes {
  return {
    ...(reason !== undefined && { reason: readReason(reason) }),
    ...(leftOut && { leftOut: leftOut.map(quote) }),
    excepted: Object.fromEntries(
      Object.entries(violations).flatMap(([key, { excepted }]) => (excepted ? [[key, quote(excepted)]] : [])),
    ),
    ledger: ledger.map(({ detail, left }) => ({
      ...(detail !== undefined && { detail: [quote(detail)] }),
      ...(left && { left: left.map(quote) }),
    })),
    announcements: outbox.announcements.map(({ text }) => [quote(text)]),
    timeline: outbox.timeline.map(({ what, detail }) => ({
      code: 'text',
      what,
      ...(detail !== undefined && { detail }),
    })),
  };
}

function quote(text: string): Extract<Detail, { code: 'text' }> {
  return { code: 'text', text };
}

/**
 * Reasons of earlier releases on which rules depend: the question that an approval answers, and an operator's decision.
 */
function readReason(text: string): Reason {
  const shared = /^(certificate|policy) (\S+) is (?:used|held) by (.+) as well$/.exec(text);
  if (shared)
    return {
      code: 'shared',
      object: shared[1] === 'policy' ? 'policy' : 'certificate',
      name: shared[2] ?? '',
      holders: shared[3]?.split(', ') ?? [],
    };
  const decided = /^(rejected|dismissed) by (.*?)(?:: (.*))?$/s.exec(text);
  if (!decided) return quote(text);
  const [, code, actor = '', comment] = decided;
  const who = { actor, ...(comment !== undefined && { comment }) };
  return code === 'rejected' ? { code, ...who } : { code: 'dismissed', ...who, left: [] };
}
