import type { Case } from '../../shared/domain/case/case';
import { thingKey } from '../../shared/domain/thing-ref';
import { isDeactivated } from './probes';
import { until } from './recorder';
import { type Scene, spreadMs } from './scene';

/** Until the certificate that was only inactive meanwhile is given back, and the policies alone deny. */
export async function waitForPolicies({ target, thingName, say, signal }: Scene): Promise<Case> {
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
      return record && !isDeactivated(record) ? record : undefined;
    },
    2 * spreadMs,
    signal,
    500,
  );
}
