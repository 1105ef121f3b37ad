import { compareSnapshots } from '../../proof/snapshot';
import { act } from '../cases/act';
import { until } from './recorder';
import { type Scene, spreadMs } from './scene';

/** Releases the thing as an operator does, and proves that all is as it was before. */
export async function release(
  scene: Scene,
  appTopic: string,
  snapshot: ReadonlyMap<string, string>,
): Promise<void> {
  const { thingName, recorder, target, say } = scene;
  say('releasing');
  await recorder.step(
    'released',
    async () => {
      const options = { comment: 'end of the drill', force: true, waitSeconds: 120 };
      return (await act('release', thingName, options, target)).text;
    },
    { last: true },
  );
  await returnToWork(scene, appTopic, snapshot);
}

const patience = { comparisonMs: 30_000, spreadMs, briefMs: 60_000, everyMs: 1_000 };

/** Proves that all is as it was before the containment, and that the device works. */
export async function returnToWork(
  scene: Scene,
  appTopic: string,
  snapshot: ReadonlyMap<string, string>,
  { comparisonMs, spreadMs, briefMs, everyMs } = patience,
): Promise<void> {
  const { thingName, recorder, target, signal } = scene;
  const isAsBefore = await recorder.step('as-before', async () => {
    let differences: string[] = [];
    await until(
      () => differences.join('; '),
      async () => {
        differences = compareSnapshots(snapshot, await target.account.takeSnapshot(thingName));
        return differences.length === 0 ? true : undefined;
      },
      comparisonMs,
      signal,
      everyMs / 2,
    );
    return `${snapshot.size} fields`;
  });
  // An object that was not restored may deny the device for good, so waiting for the policy cache would prove nothing.
  const wait = isAsBefore
    ? { timeoutMs: spreadMs, everyMs, why: '' }
    : {
        timeoutMs: briefMs,
        everyMs,
        why: '; not tried for longer, because something is not as before and may still deny the device',
      };
  await recorder.step('works-again', () => waitForWork(scene, appTopic, wait));
}

async function waitForWork(
  { device, reporter, reachesHttps, stimulus, signal, say }: Scene,
  appTopic: string,
  { timeoutMs, everyMs, why }: { readonly timeoutMs: number; readonly everyMs: number; readonly why: string },
): Promise<string> {
  const startedAt = Date.now();
  let told = startedAt;
  let detail = '';
  await until(
    () => `${detail}${why}`,
    async () => {
      const sent = await device.sendBothWays(appTopic, '{"after":true}');
      ({ detail } = sent);
      if (sent.byMqtt === 'accepted' && (sent.byHttps === 'accepted' || !reachesHttps)) return true;
      if (Date.now() - told >= 30_000) {
        told = Date.now();
        say(
          `not yet, after ${Math.round((told - startedAt) / 1_000)} s: AWS IoT may still use cached policies`,
        );
      }
      return undefined;
    },
    timeoutMs,
    signal,
    everyMs,
  );
  await reporter.reconnect();
  if (stimulus.normal) await reporter.report(stimulus.normal);
  return reachesHttps ? 'MQTT and HTTPS' : 'MQTT';
}
