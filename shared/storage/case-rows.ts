import type { CaseStatus } from '../domain/case/status';
import { damagedItem } from '../domain/damaged-item';
import { isObject } from '../domain/json';
import { type CaseOutline, type ListedCase, outlineCase } from '../domain/lists/outline';
import { type CaseItem, readCases } from './case-item';

/** A case as the index of lists has it. */
export interface CaseRow extends Omit<ListedCase, keyof CaseOutline | 'status'> {
  readonly sk: string;
  /** An earlier release wrote none. */
  readonly outline?: unknown;
}

/**
 * What a list shows of a row; nothing if it has no outline and the case is gone. `stored`: the case of a row without an
 * outline. A case that can't be read is listed as damaged, and does not hide the others.
 */
export function listRow(
  row: CaseRow,
  status: CaseStatus,
  stored: CaseItem['value'] | undefined,
): ListedCase | undefined {
  const { thingName, caseId, severity, updatedAt } = row;
  const outline = row.outline ?? (stored && outlineStored(stored));
  if (!outline) return undefined;
  const shown = isOutline(outline) ? outline : writeDamaged(row);
  return { thingName, caseId, status, severity, updatedAt, ...shown };
}

function outlineStored(value: CaseItem['value']): CaseOutline | 'damaged' {
  const [record] = readCases([{ value }]).cases;
  return record ? outlineCase(record) : 'damaged';
}

/** Counts and orders depend on these fields. */
function isOutline(outline: unknown): outline is CaseOutline {
  return isObject(outline) && typeof outline.openedAt === 'number' && Array.isArray(outline.behaviors);
}

function writeDamaged({ updatedAt }: CaseRow): CaseOutline {
  return { openedAt: updatedAt, behaviors: [], reason: damagedItem };
}
