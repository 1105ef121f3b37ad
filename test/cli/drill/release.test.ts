import { createRecorder } from '../../../cli/drill/recorder';
import { returnToWork } from '../../../cli/drill/release';
import type { Outcome } from '../../../proof/device';

const before = new Map([['thing groups', 'a']]);
const patience = { comparisonMs: 0, spreadMs: 600_000, briefMs: 0, everyMs: 1 };

/** A thing that was released: what its registry says, and what the broker answers, one after the other. */
function aScene(groups: string, ...answers: readonly Outcome[]) {
  const signal = new AbortController().signal;
  const recorder = createRecorder(() => undefined, signal);
  const left = [...answers];
  const device = {
    async sendBothWays() {
      const byMqtt = left.length > 1 ? left.shift() : left[0];
      return { byMqtt, byHttps: 'accepted', detail: `MQTT ${byMqtt}` };
    },
  };
  const scene = {
    ...{ thingName: 'cordon-drill-1', device, recorder, signal, reachesHttps: true, say: () => undefined },
    reporter: { reconnect: async () => undefined, report: async () => undefined },
    target: { account: { takeSnapshot: async () => new Map([['thing groups', groups]]) } },
    stimulus: {},
  };
  return { scene: scene as never, results: () => recorder.results() };
}

describe('after a release', () => {
  it('the device is tried until AWS IoT has dropped its cached policies', async () => {
    const { scene, results } = aScene('a', 'refused', 'refused', 'accepted');
    await returnToWork(scene, 'app', before, patience);

    expect(results()).toMatchObject([
      { step: 'as-before', status: 'held', detail: '1 fields' },
      { step: 'works-again', status: 'held', detail: 'MQTT and HTTPS' },
    ]);
  });

  it('it is tried only briefly if not everything is as before, and the step says why', async () => {
    const { scene, results } = aScene('a, cordon-quarantine', 'refused');
    await returnToWork(scene, 'app', before, patience);

    expect(results()).toMatchObject([
      {
        step: 'as-before',
        status: 'failed',
        detail: 'thing groups was a and is a, cordon-quarantine (waited 0 s)',
      },
      {
        step: 'works-again',
        status: 'failed',
        detail:
          'MQTT refused; not tried for longer, because something is not as before and may still deny the device (waited 0 s)',
      },
    ]);
  });

  it('it works again although something else is not as before', async () => {
    const { scene, results } = aScene('a, b', 'accepted');
    await returnToWork(scene, 'app', before, patience);

    expect(results().map(({ step, status }) => `${step} ${status}`)).toEqual([
      'as-before failed',
      'works-again held',
    ]);
  });
});
