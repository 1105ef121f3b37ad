import { handleHeartbeat } from '../../../functions/respond/heartbeat';
import type { Heartbeat } from '../../../shared/domain/heartbeat';
import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { awsError } from '../../aws-error';
import { aContext, decide, now } from '../../builders';
import { fakeTelemetry } from '../../fakes';
import { aHeartbeat } from './a-heartbeat';

function setUp(failing?: 'announcer' | 'table' | 'AWS IoT') {
  const told: Announcement[] = [];
  const recorded: Heartbeat[] = [];
  const timed: [string, number][] = [];
  const { log, lines } = fakeTelemetry();
  let at = now + 60;
  const ports = {
    announcer: {
      async publish(announcement: Announcement) {
        if (failing === 'announcer') throw awsError('AuthorizationError');
        told.push(announcement);
        at += 20;
      },
    },
    heartbeats: {
      async record(heartbeat: Heartbeat) {
        if (failing === 'table') throw awsError('ThrottlingException');
        recorded.push(heartbeat);
      },
      read: async () => recorded.at(-1),
    },
    reach: async () => {
      if (failing === 'AWS IoT') throw awsError('AccessDeniedException');
    },
    log,
    metrics: { count: () => undefined, time: (name: string, ms: number) => void timed.push([name, ms]) },
    clock: () => at,
  };
  return { take: handleHeartbeat, ports, told, recorded, timed, lines };
}

describe('a heartbeat', () => {
  it('is announced, and its times are recorded and measured', async () => {
    const { take, ports, told, recorded, timed } = setUp();

    await take(aHeartbeat(), ports);

    expect(recorded).toEqual([
      { sentAt: now, takenAt: now + 40, arrivedAt: now + 60, announcedAt: now + 80 },
    ]);
    expect(timed).toEqual([['PipelineMs', 80]]);
    expect(told).toMatchObject([
      { version: 1, kind: 'heartbeat', thingName: 'cordon-heartbeat', at: now, quiet: true },
    ]);
  });

  it('that was sent by a clock ahead of this one took no time', async () => {
    const { take, ports, timed } = setUp();

    await take(aHeartbeat(now + 5_000), ports);

    expect(timed).toEqual([['PipelineMs', 0]]);
  });

  it.each(['announcer', 'table', 'AWS IoT'] as const)(
    'that fails at the %s is logged, and neither measured nor delivered again',
    async (failing) => {
      const { take, ports, recorded, timed, lines } = setUp(failing);

      await take(aHeartbeat(), ports);

      expect([recorded, timed]).toEqual([[], []]);
      expect(lines).toMatchObject([{ level: 'error', message: 'the heartbeat ends here' }]);
    },
  );

  it('opens no case at an earlier release, which takes it for the end of an alarm', () => {
    const { thingName, violation } = aHeartbeat();
    const decision = decide(undefined, { type: 'violation', thingName, violation }, aContext());

    expect(decision).toMatchObject({
      next: { status: 'closed', outbox: { announcements: [], timeline: [] } },
    });
  });
});
