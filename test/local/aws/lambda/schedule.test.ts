import type { InvocationOutcome, ScheduleDefinition } from '../../../../local/aws/lambda/definitions';
import { createScheduler, parseScheduleExpression } from '../../../../local/aws/lambda/schedule';
import { identity, silentLog } from './fixtures';

function aSchedule(overrides: Partial<ScheduleDefinition> = {}): ScheduleDefinition {
  return {
    name: 'sweep',
    arn: 'arn:aws:events:us-east-1:000000000000:rule/sweep',
    expression: 'rate(1 minute)',
    service: 'events',
    functionName: 'sweep',
    enabled: true,
    ...overrides,
  };
}

/** A scheduler whose time passes only on demand. */
function aScheduler(outcome: InvocationOutcome = { status: 'succeeded', requestId: 'r', payload: 'null' }) {
  const invocations: { functionName: string; event: unknown }[] = [];
  const timers: { intervalMs: number; run: () => void }[] = [];
  const scheduler = createScheduler({
    identity,
    log: silentLog,
    invoke: async (functionName, event) => {
      invocations.push({ functionName, event });
      return outcome;
    },
    clock: {
      now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
      every: (intervalMs, run) => {
        const timer = { intervalMs, run };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
  });
  return { scheduler, invocations, timers };
}

const scheduledEvent = {
  version: '0',
  id: expect.any(String),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '000000000000',
  time: '2026-01-02T03:04:05Z',
  region: 'us-east-1',
  resources: ['arn:aws:events:us-east-1:000000000000:rule/sweep'],
  detail: {},
};

describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(2 days)', 172_800_000],
    ['rate(1 minutes)', undefined],
    ['rate(5 minute)', undefined],
    ['rate(0 minutes)', undefined],
    ['rate(1.5 hours)', undefined],
    ['cron(0 12 * * ? *)', undefined],
  ])('reads %s', (expression, intervalMs) => {
    expect(parseScheduleExpression(expression)).toBe(intervalMs);
  });

  it('invokes its function with a scheduled event each time its interval has passed', () => {
    const { scheduler, invocations, timers } = aScheduler();
    scheduler.register(aSchedule());

    timers[0]?.run();
    timers[0]?.run();

    expect(timers.map((timer) => timer.intervalMs)).toEqual([60_000]);
    expect(invocations).toEqual([
      { functionName: 'sweep', event: scheduledEvent },
      { functionName: 'sweep', event: scheduledEvent },
    ]);
  });

  it('sends its constant input instead if it has one', async () => {
    const { scheduler, invocations } = aScheduler();
    scheduler.register(aSchedule({ input: '{"kind":"sweep"}' }));

    await scheduler.trigger('sweep');

    expect(invocations).toEqual([{ functionName: 'sweep', event: { kind: 'sweep' } }]);
  });

  it('encodes the detail as text when EventBridge Scheduler sends it', async () => {
    const { scheduler, invocations } = aScheduler();
    scheduler.register(aSchedule({ service: 'scheduler' }));

    await scheduler.trigger('sweep');

    expect(invocations[0]?.event).toEqual({ ...scheduledEvent, source: 'aws.scheduler', detail: '{}' });
  });

  it('runs only when triggered while it is disabled', async () => {
    const { scheduler, invocations, timers } = aScheduler();
    scheduler.register(aSchedule({ enabled: false }));

    await scheduler.trigger('sweep');

    expect([timers.length, invocations.length]).toEqual([0, 1]);
    await expect(scheduler.trigger('gone')).rejects.toThrow('there is no schedule gone; there are sweep');
  });

  it('stops once closed', () => {
    const { scheduler, timers } = aScheduler();
    scheduler.register(aSchedule());

    scheduler.close();

    expect(timers).toEqual([]);
  });
});
