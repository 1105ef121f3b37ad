import fc from 'fast-check';
import { now } from '../../builders';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';
import { aBehavior } from './killing';

/**
 * Reports of one thing that are judged at the same time. Alerts are sent before the state is saved, and only one
 * invocation saves first.
 */

/** The last event of the behavior for a consumer of the alerts, which ignores an event that is not newer. */
function lastOf(alerts: readonly Record<string, unknown>[]): unknown {
  return alerts.toSorted((a, b) => Number(a.violationEventTime) - Number(b.violationEventTime)).at(-1)
    ?.violationEventType;
}

const aMessage = (children: number, at: number) =>
  received(aReport(children, { header: { report_id: at, version: '1.0' } }), {
    receivedAt: at,
    messageId: `message of ${at}`,
  });

it('an alarm is raised again if its end went out and another invocation saved a newer report in between', async () => {
  const stored = fakeDetection();
  let meanwhile: (() => Promise<unknown>) | undefined;
  const { run, alerts } = aDetector(
    {},
    {
      ...stored,
      states: {
        ...stored.states,
        save: async (state, previous) => {
          // The note of the end is saved before it goes out.
          if (state.ending) return stored.states.save(state, previous);
          const act = meanwhile;
          meanwhile = undefined;
          await act?.();
          return stored.states.save(state, previous);
        },
      },
    },
  );
  await run(aMessage(1, now));
  meanwhile = () => run(aMessage(1, now + 20));
  await run(aMessage(0, now + 10));

  expect(
    alerts.map(({ violationEventType, violationEventTime }) => [violationEventType, violationEventTime]),
  ).toEqual([
    ['in-alarm', now],
    ['alarm-cleared', now + 10],
    ['in-alarm', now + 11],
  ]);
  expect(new Set(alerts.map(({ violationId }) => violationId)).size).toBe(1);
});

it.each([
  ['each datapoint counts', 1, 1],
  ['two in a row count', 2, 2],
  ['two in a row raise, and one ends', 2, 1],
  ['one raises, and three in a row end', 1, 3],
])(
  'the last alert agrees with the detector’s state, however invocations interleave, if %s',
  async (_, toAlarm, toClear) => {
    const reports = fc.array(
      fc.record({
        children: fc.integer({ min: 0, max: 1 }),
        gapMs: fc.integer({ min: 1, max: 3_000 }),
        batch: fc.nat({ max: 2 }),
      }),
      { minLength: 2, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), reports, async (scheduler, sent) => {
        const { states, items, ...stored } = fakeDetection();
        const alerts: Record<string, unknown>[] = [];
        const { run } = aDetector(
          { behaviors: [aBehavior({ toAlarm, toClear })] },
          {
            ...stored,
            states: {
              ...states,
              load: scheduler.scheduleFunction(states.load),
              save: scheduler.scheduleFunction(states.save),
            },
            alerts: {
              publish: scheduler.scheduleFunction(
                async (alert: string) => void alerts.push(JSON.parse(alert)),
              ),
            },
          },
        );
        let at = now;
        const messages = sent.map(({ children, gapMs, batch }) => {
          at += gapMs;
          return { batch, message: aMessage(children, at) };
        });
        const batches = [0, 1, 2].map((batch) => messages.filter((one) => one.batch === batch));
        await scheduler.waitFor(
          Promise.all(batches.map((batch) => run(...batch.map(({ message }) => message)))),
        );
        const [behavior] = Object.values(items.get('mything1')?.value.behaviors ?? {});

        expect(lastOf(alerts) === 'in-alarm').toBe(behavior?.violationId !== undefined);
      }),
      { numRuns: 200 },
    );
  },
);
