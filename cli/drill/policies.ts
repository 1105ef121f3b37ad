import type { Case } from '../../shared/domain/case/case';
import { findTemporaryDeactivation } from '../../shared/domain/case/temporary-deactivation';
import { thingKey } from '../../shared/domain/thing-ref';
import { until } from './recorder';
import { type Scene, spreadMs } from './scene';

/**
 * Waits until the certificate that was only inactive meanwhile is ACTIVE again, and the policies alone deny. Resolves to
 * nothing if there is nothing to wait for: a deactivation that the playbook asks for lasts until the release.
 */
export async function waitForPolicies(
  {
    target,
    thingName,
    say,
    signal,
  }: Pick<Scene, 'thingName' | 'say' | 'signal'> & {
    readonly target: Pick<Scene['target'], 'cases'>;
  },
  { ledger }: Case,
): Promise<Case | undefined> {
  if (!findTemporaryDeactivation(ledger)) {
    say('nothing to wait for: no certificate becomes ACTIVE before the release');
    return undefined;
  }
  const startedAt = Date.now();
  let told = startedAt;
  return until(
    'the policies have not spread: the certificate is still INACTIVE',
    async () => {
      const record = (await target.cases.load(thingKey(thingName)))?.value;
      if (Date.now() - told >= 30_000) {
        told = Date.now();
        say(`waiting until the policies have spread, ${Math.round((told - startedAt) / 1_000)} s so far`);
      }
      return record && !findTemporaryDeactivation(record.ledger) ? record : undefined;
    },
    2 * spreadMs,
    signal,
    500,
  );
}
