import { waitForPolicies } from '../../../cli/drill/policies';
import type { Case } from '../../../shared/domain/case/case';
import type { LedgerEntry } from '../../../shared/domain/case/ledger-entry';

const deactivation: LedgerEntry = {
  action: 'deactivate-certificate',
  status: 'verified',
  prior: { action: 'deactivate-certificate' } as LedgerEntry['prior'],
  plannedAt: 0,
  attempts: 1,
};
const temporary: LedgerEntry = { ...deactivation, temporary: { spreadMs: 1_000 } };

const aCase = (...ledger: readonly LedgerEntry[]) => ({ ledger }) as Case;

/** A store that returns these cases one after the other, the last one again and again. */
function aScene(...stored: readonly Case[]) {
  const said: string[] = [];
  let loads = 0;
  const load = async () => {
    const value = stored[Math.min(loads, stored.length - 1)];
    loads += 1;
    return value && { value, version: 1 };
  };
  return {
    said,
    loads: () => loads,
    scene: {
      thingName: 'cordon-drill-1',
      target: { cases: { load } as never },
      say: (line: string) => void said.push(line),
      signal: new AbortController().signal,
    },
  };
}

describe('waitForPolicies', () => {
  it('waits until the temporary deactivation of the certificate is over', async () => {
    const spread = aCase({ ...temporary, status: 'reverted' });
    const { scene, loads } = aScene(aCase(temporary), spread);

    expect(await waitForPolicies(scene, aCase(temporary))).toBe(spread);
    expect(loads()).toBe(2);
  });

  it.each([
    ['the playbook deactivates the certificate until the release', [deactivation]],
    ['the playbook deactivates no certificate', []],
    ['somebody else changed the certificate meanwhile', [{ ...temporary, status: 'conflict' as const }]],
  ])('does not wait if %s, and says so', async (_, ledger) => {
    const { scene, loads, said } = aScene();

    expect(await waitForPolicies(scene, aCase(...ledger))).toBeUndefined();
    expect(loads()).toBe(0);
    expect(said).toEqual(['nothing to wait for: no certificate becomes ACTIVE before the release']);
  });
});
