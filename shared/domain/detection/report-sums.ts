import type { DeviceReport } from '../findings/report';
import type { SenderState } from './state';

/** For a report that an earlier version remembered by its id alone: any other with that id is the same. */
export const unknownSum = -1;

export function sumsOf({ ids, sums = [] }: SenderState): number[] {
  return ids.map((_, index) => sums[index] ?? unknownSum);
}

/** Distinguishes two reports with one id (FNV-1a, 32 bits). */
export function sumOf({ metrics }: DeviceReport): number {
  let sum = 0x811c9dc5;
  for (const char of JSON.stringify(metrics)) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return sum >>> 0;
}
