import { compareSnapshots } from '../../proof/snapshot';
import { act } from '../act';
import { until } from './recorder';
import { type Scene, spreadMs } from './scene';

/** Releases the thing as an operator does, and proves that all is as it was before. */
export async function release(
  scene: Scene,
  appTopic: string,
  snapshot: ReadonlyMap<string, string>,
): Promise<void> {
  const { thingName, recorder, target, signal, say } = scene;
  say('releasing');
  await recorder.step(
    'released',
    async () => {
      const options = { comment: 'end of the drill', force: true, waitSeconds: 120 };
      return (await act('release', thingName, options, target)).text;
    },
    { last: true },
  );
  await recorder.step('as-before', async () => {
    let differences: string[] = [];
    await until(
      () => differences.join('; '),
      async () => {
        differences = compareSnapshots(snapshot, await target.account.takeSnapshot(thingName));
        return differences.length === 0 ? true : undefined;
      },
      30_000,
      signal,
      500,
    );
    return `${snapshot.size} fields`;
  });
  await recorder.step('works-again', () => waitForWork(scene, appTopic));
}

async function waitForWork(
  { device, reporter, reachesHttps, stimulus, signal, say }: Scene,
  appTopic: string,
): Promise<string> {
  const startedAt = Date.now();
  let told = startedAt;
  let detail = '';
  await until(
    () => detail,
    async () => {
      const sent = await device.sendBothWays(appTopic, '{"after":true}');
      ({ detail } = sent);
      if (sent.byMqtt === 'accepted' && (sent.byHttps === 'accepted' || !reachesHttps)) return true;
      if (Date.now() - told >= 30_000) {
        told = Date.now();
        say(
          `not yet, after ${Math.round((told - startedAt) / 1_000)} s: AWS IoT may go on with cached policies`,
        );
      }
      return undefined;
    },
    spreadMs,
    signal,
    1_000,
  );
  await reporter.reconnect();
  if (stimulus.normal) await reporter.report(stimulus.normal);
  return reachesHttps ? 'MQTT and HTTPS' : 'MQTT';
}
