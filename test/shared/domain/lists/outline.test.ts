import type { Case } from '../../../../shared/domain/case/case';
import { matchesFilter } from '../../../../shared/domain/lists/filter';
import { outlineCase } from '../../../../shared/domain/lists/outline';
import { aContainedCase } from '../../../cli/stored-cases';

const contained = aContainedCase().record;

/** A case whose thing is in the quarantine group so far. */
function quarantined(status: Case['ledger'][number]['status'], groups: readonly string[]): Case {
  return {
    ...contained,
    facts: { ...contained.facts, groups } as Case['facts'],
    ledger: contained.ledger.map((entry) => (entry.action === 'quarantine' ? { ...entry, status } : entry)),
  } as Case;
}

const isOf = (group: string, record: Case) => {
  const { thingName, caseId, status, severity, updatedAt } = record;
  const listed = { thingName, caseId, status, severity, updatedAt, ...outlineCase(record) };
  return matchesFilter(listed as never, { group });
};

describe('the groups of a listed case', () => {
  it.each([
    ['planned', false],
    ['applied', true],
    ['verified', true],
    ['failed', false],
    ['reverted', false],
    ['conflict', false],
  ] as const)('of a thing whose quarantine is %s have the quarantine group: %s', (status, has) => {
    const record = quarantined(status, ['sensors']);
    expect([isOf('cordon-quarantine', record), isOf('sensors', record)]).toEqual([has, true]);
  });

  it('have it once if the thing was a member before, and among the ten although the thing is in ten others', () => {
    expect(outlineCase(quarantined('verified', ['cordon-quarantine'])).groups).toEqual(['cordon-quarantine']);
    const ten = Array.from({ length: 10 }, (_, index) => `group-${index}`);
    expect(outlineCase(quarantined('verified', ten)).groups).toEqual([
      'cordon-quarantine',
      ...ten.slice(0, 9),
    ]);
  });
});
