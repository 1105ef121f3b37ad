import { deniedObject } from '../../../../shared/domain/actions/lease';
import { holdsObject } from '../../../../shared/domain/case/held-objects';
import { closedCase } from '../../../builders';
import { aContainedCase, aReleasedCase } from '../../../cli/stored-cases';

const { record } = aContainedCase();
const object = deniedObject('f'.repeat(64));

describe('a case that may hold a shared object', () => {
  it('holds none that its ledger does not name, and none once it is closed', () => {
    expect(holdsObject(record, object)).toBe(false);
    expect(holdsObject(closedCase(aReleasedCase().record), object)).toBe(false);
    expect(holdsObject(undefined, object)).toBe(false);
  });

  it('counts as a holder if an action of a newer Cordon, or a damaged ledger, says nothing', () => {
    const [first] = record.ledger;
    const unknown = { ...first, status: 'applied', prior: { action: 'added-later' } };

    expect(holdsObject({ ...record, ledger: [unknown] } as never, object)).toBe(true);
    expect(holdsObject({ ...record, ledger: [{ ...unknown, status: 'reverted' }] } as never, object)).toBe(
      false,
    );
    expect(holdsObject({ ...record, ledger: 'by hand' } as never, object)).toBe(true);
    expect(holdsObject({ ...record, ledger: [{}] } as never, object)).toBe(true);
    expect(holdsObject('by hand' as never, object)).toBe(true);
  });
});
