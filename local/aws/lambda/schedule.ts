import type { AwsIdentity, LocalLog } from '../../types';
import type { InvocationOutcome, ScheduleDefinition } from './definitions';

const unitsMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** Returns the interval of `rate(5 minutes)`; undefined if the expression is not emulated or not valid. */
export function parseScheduleExpression(expression: string): number | undefined {
  const [, value = '', unit = '', plural] =
    /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  // EventBridge refuses "1 minutes" and "5 minute" (eventbridge/latest/userguide/eb-scheduled-rule-pattern.html).
  if (unit === '' || (value === '1') === Boolean(plural)) return undefined;
  return Number(value) * unitsMs[unit as keyof typeof unitsMs];
}

interface ScheduleClock {
  now(): number;
  /** Calls back after each interval until the returned function is called. */
  every(intervalMs: number, run: () => void): () => void;
}

export interface Scheduler {
  register(definition: ScheduleDefinition): void;
  find(name: string): ScheduleDefinition | undefined;
  /** Runs a schedule at once, whatever its time and state. */
  trigger(name: string): Promise<InvocationOutcome>;
  close(): void;
}

interface SchedulerPorts {
  readonly identity: AwsIdentity;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationOutcome>;
  readonly log: LocalLog;
  readonly clock?: ScheduleClock;
}

const systemClock: ScheduleClock = {
  now: Date.now,
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
};

export function createScheduler({ identity, invoke, log, clock = systemClock }: SchedulerPorts): Scheduler {
  const schedules = new Map<string, ScheduleDefinition>();
  const cancels: (() => void)[] = [];

  async function run(definition: ScheduleDefinition): Promise<InvocationOutcome> {
    const event = buildScheduledEvent(definition, identity, clock.now());
    const outcome = await invoke(definition.functionName, event);
    if (outcome.status === 'failed') {
      log.warn('scheduled invocation failed', { schedule: definition.name, ...outcome.error });
    }
    return outcome;
  }

  return {
    register: (definition) => {
      const intervalMs = parseScheduleExpression(definition.expression);
      if (intervalMs === undefined) {
        throw new Error(
          `${definition.name}: the local stack can't run the schedule ${definition.expression}: write it as rate(5 minutes)`,
        );
      }
      schedules.set(definition.name, definition);
      if (!definition.enabled) return;
      const tick = () => {
        run(definition).catch((error: unknown) => {
          log.warn('schedule not run', { schedule: definition.name, error: String(error) });
        });
      };
      cancels.push(clock.every(intervalMs, tick));
    },
    find: (name) => schedules.get(name),
    trigger: async (name) => {
      const definition = schedules.get(name);
      if (!definition)
        throw new Error(
          `there is no schedule ${name}; there are ${[...schedules.keys()].join(', ') || 'none'}`,
        );
      return run(definition);
    },
    close: () => {
      for (const cancel of cancels.splice(0)) cancel();
    },
  };
}

/** eventbridge/latest/userguide/eb-run-lambda-schedule.html; EventBridge Scheduler sends `detail` as a text. */
function buildScheduledEvent(definition: ScheduleDefinition, identity: AwsIdentity, now: number): unknown {
  if (definition.input !== undefined) return JSON.parse(definition.input);
  return {
    version: '0',
    id: crypto.randomUUID(),
    'detail-type': 'Scheduled Event',
    source: `aws.${definition.service}`,
    account: identity.accountId,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: identity.region,
    resources: [definition.arn],
    detail: definition.service === 'events' ? {} : '{}',
  };
}
