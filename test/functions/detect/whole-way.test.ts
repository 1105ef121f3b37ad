import fc from 'fast-check';
import { handleAlert } from '../../../functions/intake/alerts';
import { isOpen } from '../../../shared/domain/case/case';
import { openViolations } from '../../../shared/domain/case/violation-record';
import type { Behavior } from '../../../shared/domain/configuration';
import { resetAlarms } from '../../../shared/domain/detection/reset';
import type { DetectionReset } from '../../../shared/ports/storage';
import { aConfiguration, account, aPlaybook, now } from '../../builders';
import { aRecord, fakeDeadLetters, fakeQueue } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';
import { aWorld } from '../../world';
import { anEngine, operator } from '../respond/story';
import { aDetector, lifecycle, received } from './detector';
import { aBehavior, aKiller, type Kill } from './killing';

/** From the reports to the case, with killed invocations of the detector and messages that may arrive late or twice. */

interface Values {
  readonly one: number;
  readonly two: number;
}

interface Sent extends Values, Kill {
  /** What the detector handles: a report, an event of AWS IoT, or the minute's run. */
  readonly kind: 'report' | 'tick' | 'connected' | 'disconnected';
  readonly gapMs: number;
  /** How many reports arrive before this one is delivered again after a kill. */
  readonly later: number;
  readonly isTwice: boolean;
  /** What an operator orders after it. */
  readonly act: 'release' | 'dismiss' | 'contain' | undefined;
}

/** After how many reports an alert is delivered, and after how many more it is delivered again. */
interface Delay {
  readonly by: number;
  readonly again: number | null;
}

const value = fc.integer({ min: 0, max: 1 });
const sent: fc.Arbitrary<readonly Sent[]> = fc.array(
  fc.record({
    ...{ one: value, two: value },
    kind: fc.constantFrom('report', 'report', 'tick', 'connected', 'disconnected'),
    gapMs: fc.constantFrom(1, 500, 20_000, 90_000, 1_200_000, 36_000_000, 200_000_000),
    killedAt: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 6),
    isAfter: fc.boolean(),
    later: fc.nat({ max: 3 }),
    isTwice: fc.boolean(),
    act: fc.constantFrom(undefined, undefined, undefined, 'release', 'dismiss', 'contain'),
  }),
  { minLength: 1, maxLength: 8 },
);
const delays: fc.Arbitrary<readonly Delay[]> = fc.array(
  fc.record({ by: fc.nat({ max: 4 }), again: fc.option(fc.nat({ max: 4 })) }),
  { minLength: 1, maxLength: 8 },
);
const modes = fc.constantFrom('observe' as const, 'enforce' as const);

function aWatch(name: string, metric: string, criteria: Partial<Behavior['criteria']>): Behavior {
  const { criteria: standard, ...behavior } = aBehavior({ name, metric });
  return { ...behavior, criteria: { ...standard, ...criteria } };
}

const behaviors: Behavior[] = [
  aWatch('silent', 'cordon:missed-reports', { comparisonOperator: 'less-than', value: { count: 3 } }),
  aWatch('away', 'aws:disconnect-duration', { value: { count: 5 } }),
  aWatch('tries', 'aws:num-connection-attempts', { value: { count: 1 }, durationSeconds: 300 }),
  aBehavior({ name: 'one', metric: 'm1' }),
  aBehavior({ name: 'two', metric: 'm2', toAlarm: 2, toClear: 2 }),
];

/** Removes and returns what is due. `left` counts how many more times an item is skipped. */
function takeDue<T extends { left: number }>(waiting: T[], all: boolean): T[] {
  for (const one of waiting) one.left -= 1;
  const due = waiting.filter(({ left }) => all || left < 0);
  for (const one of due) waiting.splice(waiting.indexOf(one), 1);
  return due;
}

async function play(reports: readonly Sent[], delayed: readonly Delay[], mode: 'observe' | 'enforce') {
  const stored = fakeDetection();
  const world = aWorld();
  const { log, metrics } = world.telemetry;
  const { commands, sent: passed } = fakeQueue();
  const { deadLetters, letters } = fakeDeadLetters();
  const detection: DetectionReset = {
    async reset(thingName, ...given) {
      const found = await stored.states.load(thingName);
      if (found) await stored.states.save(resetAlarms(found.value, ...given), found.version);
    },
  };
  const engine = anEngine(Object.assign(world, { ports: { ...world.ports, detection } }), {
    configuration: aConfiguration({ playbooks: [aPlaybook({ mode })] }),
  });
  const { begin, effect } = aKiller();
  const alerts: { readonly alert: string; left: number }[] = [];
  let published = 0;
  let at = now;
  const { run, tick } = aDetector(
    { behaviors },
    {
      ...stored,
      states: { ...stored.states, save: effect(stored.states.save) },
      datapoints: { append: effect(stored.datapoints.append) },
      clock: () => at,
      alerts: {
        publish: effect(async (alert: string) => {
          const { by = 0, again = null } = delayed[published % delayed.length] ?? {};
          published += 1;
          alerts.push({ alert, left: by });
          if (again !== null) alerts.push({ alert, left: by + again });
        }),
      },
    },
  );
  const handle = async (message: ReturnType<typeof received>, how?: Kill) => {
    begin(how);
    return (await run(message)).length === 0;
  };
  let session = 0;
  const eventOf = (kind: 'connected' | 'disconnected') => {
    if (kind === 'connected') session += 1;
    return lifecycle(kind, {
      ...{ timestamp: at, sentAt: at + 20, messageId: `message of ${at}` },
      ...{ sessionIdentifier: `session-${session}`, versionNumber: session },
    });
  };
  const reportOf = ({ one, two }: Values) =>
    received(
      {
        header: { report_id: at, version: '1.0' },
        health: {
          agent: '1.2.0',
          mode: 'children',
          intervalMs: 300_000,
          restarts: 0,
          spool: 0,
          degraded: [],
        },
        custom_metrics: { m1: [{ number: one }], m2: [{ number: two }] },
      },
      { receivedAt: at, messageId: `message of ${at}` },
    );
  let taken = 0;
  const deliver = async (all: boolean) => {
    world.time.now = at + 50;
    const attributes = { ...aRecord('').attributes, SentTimestamp: String(at + 40) };
    const ports = { commands, deadLetters, log, metrics, own: account, clock: () => at + 45 };
    for (const { alert } of takeDue(alerts, all)) {
      await handleAlert(aRecord(alert, { attributes }), ports);
      for (const { command, id } of passed.slice(taken)) await engine(command, { id });
      taken = passed.length;
    }
  };
  const waiting: { readonly message: ReturnType<typeof received>; left: number }[] = [];
  const redeliver = async (all: boolean) => {
    for (const { message } of takeDue(waiting, all)) await handle(message);
  };
  // Once closed, a case of a thing that the detector does not know resets nothing.
  await handle(reportOf({ one: 0, two: 0 }));
  for (const report of reports) {
    await redeliver(false);
    at += report.gapMs;
    if (report.kind === 'tick') {
      begin(report);
      await tick().catch(() => undefined);
      await deliver(false);
      continue;
    }
    const message = report.kind === 'report' ? reportOf(report) : eventOf(report.kind);
    const again = { ...message, attributes: { ...message.attributes, ApproximateReceiveCount: '2' } };
    const isHandled = await handle(message, report);
    if (!isHandled || report.isTwice)
      waiting.push({ message: isHandled ? message : again, left: report.later });
    await deliver(false);
    if (report.act) {
      // An alert that a killed invocation has sent, and that arrives after a release, is not known to be under way.
      await deliver(true);
      await engine(operator(report.act), { id: `order at ${at}` });
      at += 1_000;
    }
  }
  await redeliver(true);
  await deliver(false);
  begin();
  await tick();
  at += 60_000;
  await handle(reportOf(reports.at(-1) ?? { one: 0, two: 0 }));
  at += 60_000;
  begin();
  await tick();
  at += 60_000;
  await deliver(true);
  const state = stored.items.get('mything1')?.value;
  const record = world.stored.items.get('mything1')?.value;
  const inAlarm = isOpen(record)
    ? openViolations(record).map((one) => 'behaviorName' in one && one.behaviorName)
    : [];
  // A case does not count what a containment itself causes.
  const isUntouched = mode === 'observe' && !reports.some(({ act }) => act === 'contain');
  const watched = ['one', 'two', ...(isUntouched ? ['silent', 'away', 'tries'] : [])];
  const wrong = watched.filter((name) => {
    const { violationId, forgotten } = state?.behaviors[`myapp-processes/${name}`] ?? {};
    return inAlarm.includes(name) ? (violationId ?? forgotten) === undefined : violationId !== undefined;
  });
  return {
    wrong,
    isShown: inAlarm.includes('one'),
    letters,
    unsent: [...(record?.outbox.announcements ?? []), ...(record?.outbox.timeline ?? [])],
  };
}

const undisturbed: Sent = {
  kind: 'report',
  act: undefined,
  ...{ one: 0, two: 0, gapMs: 1, killedAt: 0, isAfter: false, later: 0, isTwice: false },
};
/**
 * The invocation that reports the second of two violations in a row is killed, and the value between the two is
 * delivered after it.
 */
const example: [Sent[], Delay[], 'observe'] = [
  [
    { ...undisturbed, two: 1 },
    { ...undisturbed, killedAt: 2, later: 1 },
    { ...undisturbed, two: 1, killedAt: 3 },
    undisturbed,
  ],
  [{ by: 0, again: null }],
  'observe',
];

it('the case says of each behavior what the detector knows, whatever is killed, repeated or late', async () => {
  await fc.assert(
    fc.asyncProperty(sent, delays, modes, async (reports, delayed, mode) => {
      const { wrong, isShown, letters, unsent } = await play(reports, delayed, mode);

      expect({ wrong, letters, unsent }).toEqual({ wrong: [], letters: [], unsent: [] });
      if (reports.at(-1)?.one === 1) expect(isShown).toBe(true);
    }),
    { numRuns: 150, examples: [example] },
  );
});
