import { publishDigest } from '../../../functions/sweep/publish-digest';
import type { ListedCase } from '../../../shared/domain/lists/outline';
import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { writeSubject, writeText } from '../../../shared/domain/messages/mail';
import type { Route } from '../../../shared/domain/messages/routing';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { DigestState } from '../../../shared/storage/digests';
import { now } from '../../builders';
import { fakeTelemetry } from '../../fakes';

const hour = 3_600_000;
const minute = 60_000;

function aListed(name: string, digestAt: number, over: Partial<ListedCase> = {}): ListedCase {
  return {
    ...{ thingName: thingKey(name), caseId: `case-${name}`, status: 'observed', severity: 'medium' },
    ...{ openedAt: digestAt, updatedAt: digestAt, digestAt, behaviors: ['net/ports'] },
    reason: 'playbook anything-else only observes',
    ...over,
  };
}

function setUp({ everyMs = hour }: { readonly everyMs?: number | undefined } = {}) {
  const world = {
    now,
    stored: undefined as { value: DigestState; version: number } | undefined,
    cases: [] as ListedCase[],
    told: [] as Announcement[],
    routes: [{ severity: ['medium'], to: ['slack'] }, { to: ['email'] }] as Route[],
    /** The run is killed before it records its announcement. */
    isKilled: false,
  };
  const run = (over: { readonly off?: boolean } = {}) =>
    publishDigest({
      everyMs: over.off ? undefined : everyMs,
      digests: {
        load: async () => world.stored,
        async save(value, previous) {
          if (world.isKilled && !value.telling) throw new Error('killed');
          if (previous !== (world.stored?.version ?? 0)) throw new Error('changed by another run');
          world.stored = { value, version: previous + 1 };
          return previous + 1;
        },
        list: async ({ from, to }) =>
          world.cases.filter(({ digestAt = 0 }) => digestAt > from && digestAt <= to),
      },
      announcer: {
        async publish(announcement) {
          world.told.push(announcement);
        },
      },
      routes: world.routes,
      consoleUrl: 'https://console.example.com/console/',
      clock: () => world.now,
      log: fakeTelemetry().log,
    });
  return { world, run };
}

describe('the digest of cases that are only recorded', () => {
  it('is published once in each interval, with every case in exactly one', async () => {
    const { world, run } = setUp();
    for (let passed = 0; passed < 300; passed += 1) {
      world.now += minute;
      if (passed % 7 === 0) world.cases.push(aListed(`thing-${passed}`, world.now));
      await run();
    }
    world.now += 2 * hour;
    await run();

    expect(world.told).toHaveLength(5);
    const named = world.told.flatMap(({ cases = [] }) =>
      cases.flatMap((line) => line.split(': ').at(-1)?.split(', ')),
    );
    expect(named).toEqual(world.cases.map(({ thingName }) => thingName));
  });

  it('is published again under the same id when the run was killed before it recorded that', async () => {
    const { world, run } = setUp();
    world.cases = [aListed('a', now - minute)];
    world.isKilled = true;

    await expect(run()).rejects.toThrow('killed');
    world.isKilled = false;
    world.now += minute;
    world.cases.push(aListed('b', world.now - 25_000));
    await run();
    world.now += hour;
    await run();

    expect(world.told.map(({ id }) => id)).toEqual([world.told[0]?.id, world.told[0]?.id, world.told[2]?.id]);
    expect(world.told.map(({ cases }) => cases?.length)).toEqual([1, 1, 1]);
    expect(world.told[2]?.cases?.[0]).toMatch(/: b$/);
  });

  it('is not published if nothing was recorded, or if cordon.yml turns it off', async () => {
    const { world, run } = setUp();
    await run();
    expect(world.told).toEqual([]);

    world.cases = [aListed('a', now - minute)];
    world.stored = undefined;
    await run({ off: true });
    expect(world.told).toEqual([]);
    expect(world.stored).toBeUndefined();
  });

  it('says how many cases of which behavior, as they are now, and what to type', async () => {
    const { world, run } = setUp();
    world.cases = [
      aListed('a', now - 3 * minute),
      aListed('b', now - 2 * minute, { status: 'closed', reason: 'every violation has cleared' }),
      aListed('c', now - minute, { behaviors: ['myapp/no-child'], severity: 'medium' }),
      aListed('d', now - minute),
    ];

    await run();

    const [digest] = world.told;
    if (!digest) throw new Error('nothing told');
    expect(writeSubject(digest)).toBe('[4 cases recorded, nothing done] digest (Cordon)');
    expect(writeText(digest)).toBe(
      `4 cases recorded, nothing done
within 1 hour: 3 net/ports, 1 myapp/no-child

Cases:    net/ports (playbook anything-else only observes): a, d
          net/ports, closed by now (every violation has cleared): b
          myapp/no-child (playbook anything-else only observes): c
Severity: medium

Next:     npx cordon list --status observed --since 24h
          npx cordon show a
Console:  https://console.example.com/console/
Runbook:  docs/operating.md#statuses`,
    );
    expect(digest.channels).toEqual(['slack']);
  });

  it('goes where one of its cases would go: by its severity, its playbook and the status recorded', async () => {
    const { world, run } = setUp();
    world.routes = [
      { playbook: ['quiet'], to: ['teams'] },
      { status: ['observed'], severity: ['medium'], to: ['slack'] },
      { to: ['email'] },
    ];
    world.cases = [
      aListed('a', now - minute, { playbook: 'quiet', severity: 'low' }),
      aListed('b', now - minute, { status: 'closed' }),
    ];

    await run();

    expect(world.told[0]?.channels).toEqual(['teams', 'slack']);
  });

  it('names findings by who sent them, or what an audit checked', async () => {
    const { world, run } = setUp();
    world.cases = [
      aListed('a', now - minute, { behaviors: ['external finding/siem/f-1', 'external finding/siem/f-2'] }),
      aListed('b', now - minute, { behaviors: ['audit finding/DEVICE_CERTIFICATE_SHARED_CHECK/abc'] }),
    ];

    await run();

    expect(world.told[0]?.text).toMatch(
      /: 2 findings of siem, 1 audit finding \(device certificate shared\)$/,
    );
    expect(world.told[0]?.cases?.[1]).toMatch(/^audit finding \(device certificate shared\) \(.*\): b$/);
  });

  it('names twenty of very many', async () => {
    const { world, run } = setUp();
    world.cases = Array.from({ length: 290 }, (_, index) => aListed(`thing-${index}`, now - minute));

    await run();

    expect(world.told[0]?.title).toBe('290 cases recorded, nothing done');
    const names = Array.from({ length: 20 }, (_, index) => `thing-${index}`).join(', ');
    expect(world.told[0]?.cases).toEqual([
      `net/ports (playbook anything-else only observes): ${names} and 270 more`,
    ]);
  });

  it('names twenty in all of many behaviors, and says how many of the others there are', async () => {
    const { world, run } = setUp();
    world.cases = Array.from({ length: 60 }, (_, index) =>
      aListed(`thing-${index}`, now - minute, { behaviors: [`net/ports-${index % 30}`] }),
    );

    await run();

    const { cases = [] } = world.told[0] ?? {};
    expect(cases.flatMap((line) => line.match(/thing-\d+/g) ?? [])).toHaveLength(20);
    expect(cases.at(-1)).toBe('and 40 more');
  });

  it('begins no conversation of its own, however many cases there are', async () => {
    const { world, run } = setUp();
    for (const count of [1, 3, 290]) {
      world.now += 2 * hour;
      world.cases = Array.from({ length: count }, (_, index) =>
        aListed(`thing-${index}`, world.now - minute),
      );
      await run();
    }

    const bases = world.told.map((digest) => writeSubject(digest).replace(/^\[[^[\]]*\] /, ''));
    expect(bases).toEqual(['digest (Cordon)', 'digest (Cordon)', 'digest (Cordon)']);
  });
});
