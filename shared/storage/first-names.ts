import type { CaseInWords } from '../domain/messages/describe-case';

type Entry = CaseInWords['ledger'][number];

/**
 * A case in words whose fields have the names of the first release, so that functions of each release read what the other
 * wrote: `bridge` is a ledger entry's `temporary`, and `earlyEnds` are the `outOfOrderClears`.
 */
export interface CaseInFirstNames extends Omit<CaseInWords, 'ledger' | 'outOfOrderClears'> {
  readonly ledger: readonly (Omit<Entry, 'temporary'> & { readonly bridge?: Entry['temporary'] })[];
  readonly earlyEnds?: CaseInWords['outOfOrderClears'];
}

export function toFirstNames({ ledger, outOfOrderClears, ...record }: CaseInWords): CaseInFirstNames {
  return {
    ...record,
    ledger: ledger.map(({ temporary, ...entry }) => ({ ...entry, ...(temporary && { bridge: temporary }) })),
    ...(outOfOrderClears && { earlyEnds: outOfOrderClears }),
  };
}

export function fromFirstNames({ ledger, earlyEnds, ...record }: CaseInFirstNames): CaseInWords {
  return {
    ...record,
    ledger: ledger.map(({ bridge, ...entry }) => ({ ...entry, ...(bridge && { temporary: bridge }) })),
    ...(earlyEnds && { outOfOrderClears: earlyEnds }),
  };
}
