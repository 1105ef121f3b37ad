import fc from 'fast-check';
import { now } from '../../builders';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, lifecycle, received } from './detector';
import { aKiller, type Kill } from './killing';

/** An invocation that is killed at one of its calls. SQS delivers its message again, after some later messages. */
interface Sent extends Kill {
  readonly children: number;
  readonly gapMs: number;
  /** How many other messages come before it is handed out again. */
  readonly later: number;
}

const sent: fc.Arbitrary<readonly Sent[]> = fc.array(
  fc.record({
    children: fc.integer({ min: 0, max: 1 }),
    gapMs: fc.integer({ min: 1, max: 90_000 }),
    killedAt: fc.integer({ min: 0, max: 4 }),
    isAfter: fc.boolean(),
    later: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** The last event of the behavior for a consumer of the alerts, which ignores an event that is not newer. */
function lastOf(alerts: readonly Record<string, unknown>[]): unknown {
  return alerts.toSorted((a, b) => Number(a.violationEventTime) - Number(b.violationEventTime)).at(-1)
    ?.violationEventType;
}

async function play(reports: readonly Sent[], end: number) {
  const stored = fakeDetection();
  const alerts: Record<string, unknown>[] = [];
  const { begin, effect } = aKiller();
  const { run } = aDetector(
    {},
    {
      ...stored,
      states: { ...stored.states, save: effect(stored.states.save) },
      datapoints: { append: effect(stored.datapoints.append) },
      alerts: { publish: effect(async (alert: string) => void alerts.push(JSON.parse(alert))) },
    },
  );
  const handle = async (message: ReturnType<typeof received>, how?: Kill) => {
    begin(how);
    return (await run(message)).length === 0;
  };
  let at = now;
  const waiting: { message: ReturnType<typeof received>; left: number }[] = [];
  const messageOf = (children: number, receives: number) =>
    received(aReport(children, { header: { report_id: at, version: '1.0' } }), {
      ...{ receivedAt: at, messageId: `message of ${at}`, receives },
    });
  const redeliver = async (all: boolean) => {
    for (const one of [...waiting]) {
      one.left -= 1;
      if (one.left > 0 && !all) continue;
      waiting.splice(waiting.indexOf(one), 1);
      await handle(one.message);
    }
  };
  for (const { children, gapMs, later, ...how } of reports) {
    await redeliver(false);
    at += gapMs;
    if (!(await handle(messageOf(children, 1), how)))
      waiting.push({ message: messageOf(children, 2), left: later + 1 });
  }
  await redeliver(true);
  at += 60_000;
  await handle(messageOf(end, 1));
  const [behavior] = Object.values(stored.items.get('mything1')?.value.behaviors ?? {});
  return { last: lastOf(alerts), alerts, isOpen: behavior?.violationId !== undefined };
}

const undisturbed = { gapMs: 1_000, killedAt: 0, isAfter: false, later: 0 };

/** The alert of the end was sent but the state was not saved, and the next report arrives before the redelivery. */
const examples: [Sent[], number][] = [2, 3, 4].flatMap((killedAt) =>
  [false, true].map((isAfter): [Sent[], number] => [
    [
      { ...undisturbed, children: 1 },
      { ...undisturbed, children: 0, killedAt, isAfter, later: 1 },
      { ...undisturbed, children: 1 },
    ],
    1,
  ]),
);

it('the last alert agrees with the last report, wherever an earlier invocation was killed', async () => {
  await fc.assert(
    fc.asyncProperty(sent, fc.integer({ min: 0, max: 1 }), async (reports, end) => {
      const { last, isOpen } = await play(reports, end);

      expect({ isOpen, isTold: last === 'in-alarm' }).toEqual({ isOpen: end > 0, isTold: end > 0 });
    }),
    { numRuns: 150, examples },
  );
});

it.each([
  [
    'another client reports',
    (at: number) => message(0, at, { clientId: 'another', principal: 'b'.repeat(64) }),
  ],
  ['the device connects', (at: number) => lifecycle('connected', { timestamp: at })],
])(
  'an alarm whose end a killed invocation told is raised again by the thing’s own report, not when %s',
  async (_, between) => {
    const stored = fakeDetection();
    let isKilled = false;
    const { run, alerts } = aDetector(
      {},
      {
        ...stored,
        states: {
          ...stored.states,
          save: async (state, previous) => {
            if (isKilled && !state.ending) throw new Error('killed');
            return stored.states.save(state, previous);
          },
        },
      },
    );
    await run(message(1, now));
    isKilled = true;
    await run(message(0, now + 1_000));
    isKilled = false;

    await run(between(now + 2_000));
    expect(alerts.map(({ violationEventType }) => violationEventType)).toEqual(['in-alarm', 'alarm-cleared']);
    await run(message(1, now + 3_000));

    const principal = 'a'.repeat(64);
    expect(alerts).toMatchObject(
      ['in-alarm', 'alarm-cleared', 'in-alarm'].map((violationEventType) => ({
        violationEventType,
        cordon: { reporter: { clientId: 'mything1', principal } },
      })),
    );
    expect(stored.items.get('mything1')?.value.ending).toBeUndefined();
  },
);

function message(children: number, receivedAt: number, over: Parameters<typeof received>[1] = {}) {
  return received(aReport(children, { header: { report_id: receivedAt, version: '1.0' } }), {
    ...{ receivedAt, messageId: `message of ${receivedAt}`, ...over },
  });
}
