import { publishStorms } from '../../../functions/sweep/publish-storms';
import type { ListedCase } from '../../../shared/domain/lists/outline';
import type { Announcement } from '../../../shared/domain/messages/announcement-schema';
import { writeSubject, writeText } from '../../../shared/domain/messages/mail';
import type { StormState } from '../../../shared/domain/messages/storm';
import { thingKey } from '../../../shared/domain/thing-ref';
import { VersionConflictError } from '../../../shared/errors';
import { now } from '../../builders';
import { fakeTelemetry } from '../../fakes';

const minute = 60_000;
const behavior = 'myapp/no-child';
const id = 'storm-case-5';

function aListed(index: number, over: Partial<ListedCase> = {}): ListedCase {
  return {
    ...{ thingName: thingKey(`thing-${index}`), caseId: `case-${index}`, status: 'awaiting-approval' },
    ...{
      severity: 'high',
      reason: index === 9 ? 'other' : 'the fleet limit is reached',
      openedAt: now + index,
      updatedAt: now + index,
      behaviors: [behavior],
    },
    // Those that began it were not known to be in one.
    ...(index >= 5 && { storm: id }),
    ...over,
  };
}

function setUp({ count = 12, withRoutes = false } = {}) {
  const world = {
    now,
    stored: {
      behavior,
      value: { opened: [], storms: [{ id, since: now, lastAt: now + 20 }] } as StormState,
      version: 1,
    },
    cases: Array.from({ length: count }, (_, index) => aListed(index)),
    told: [] as Announcement[],
    isKilled: false,
    isDisturbed: false,
  };
  const run = async () => {
    world.now += minute;
    await publishStorms({
      limit: { cases: 5, within: 10 * minute },
      storms: {
        list: async () => [world.stored],
        async save(saved, value, previous) {
          if (world.isKilled) throw new Error('killed');
          if (world.isDisturbed || previous !== world.stored.version) throw new VersionConflictError(saved);
          world.stored = { behavior: saved, value, version: previous + 1 };
          return previous + 1;
        },
        listCases: async () => world.cases,
      },
      announcer: {
        async publish(announcement) {
          world.told.push(announcement);
        },
      },
      routes: withRoutes
        ? [
            { status: ['awaiting-approval'], to: ['slack'] },
            { status: ['closed'], to: ['email'] },
            { to: ['teams'] },
          ]
        : undefined,
      consoleUrl: 'https://console.example.com/console/',
      clock: () => world.now,
      log: fakeTelemetry().log,
    });
  };
  const become = (status: ListedCase['status']) => {
    world.cases = world.cases.map((one) => ({ ...one, status }));
  };
  return { world, run, become };
}

describe('the message of a storm', () => {
  it('says how many things of which behavior are in which state since when, and what to type', async () => {
    const { world, run } = setUp();
    world.cases = world.cases.map((one, index) => (index < 2 ? { ...one, status: 'contained' } : one));
    // Waits since yesterday, so that the command takes it as well.
    world.cases.push(aListed(20, { openedAt: now - 86_400_000 }), aListed(21, { behaviors: ['net/ports'] }));
    world.cases = world.cases.map(({ storm, ...one }, index) =>
      index < 12 && storm ? { ...one, storm } : one,
    );

    await run();

    const [told] = world.told;
    if (!told) throw new Error('nothing told');
    expect(writeSubject(told)).toBe(
      '[10 wait for approval, 2 contained] storm of no-child since 11:06 UTC (Cordon)',
    );
    expect(writeText(told)).toBe(
      `storm of no-child since 11:06 UTC: 10 wait for approval, 2 contained
one message for all of them; a containment that fails comes as a message of its thing

Cases:    10 wait for approval (the fleet limit is reached): thing-11, thing-10, thing-9, thing-8, thing-7 and 5 more
          2 contained (the fleet limit is reached): thing-1, thing-0
Severity: high

Next:     npx cordon list --behavior myapp/no-child
          npx cordon approve --all --behavior myapp/no-child --expect 11
          npx cordon release --all --behavior myapp/no-child --expect 2
Console:  https://console.example.com/console/?behavior=myapp%2Fno-child
Runbook:  docs/operating.md#statuses`,
    );
  });

  it.each([
    ['myapp/no-child', 'storm of no-child since 11:06 UTC (Cordon)'],
    [`myapp/${'x'.repeat(128)}`, `storm of ${'x'.repeat(27)}... since 11:06 UTC (Cordon)`],
    [
      'audit finding/DEVICE_CERTIFICATE_SHARED_CHECK',
      'storm of audit findings (device cert... since 11:06 UTC (Cordon)',
    ],
  ])('has one subject for all numbers of %s, before it as many of them as fit', async (group, base) => {
    const { world, run } = setUp({ count: 300 });
    world.stored = { ...world.stored, behavior: group };
    world.cases = world.cases.map((one) => ({ ...one, behaviors: [group] }));
    await run();
    const statuses = [
      'containment-failed',
      'awaiting-approval',
      'containing',
      'contained',
      'closed',
    ] as const;
    world.cases = world.cases.map((one, index) => ({ ...one, status: statuses[index % 5] ?? 'closed' }));
    await run();

    const subjects = world.told.map(writeSubject);
    expect(subjects.map((subject) => subject.replace(/^\[[^[\]]*\] /, ''))).toEqual([base, base]);
    expect(subjects[0]).toMatch(/^\[300 wait for approval\] /);
    // Each number whole, and a sign if some are left out.
    expect(subjects[1]).toMatch(/^\[60 FAILED to be contained(, 60 wait for approval)?, \.\.\.\] /);
    expect(subjects.every((subject) => subject.length < 100)).toBe(true);
  });

  it('says who decided, if it was one', async () => {
    const { world, run } = setUp();
    world.cases = world.cases.map((one, index) =>
      index < 3
        ? { ...one, status: 'contained', playbook: 'spawned-child', reason: '' }
        : index === 3
          ? { ...one, status: 'closed' }
          : index < 7
            ? { ...one, status: 'closed', lastActor: index < 6 ? 'ada' : 'bob' }
            : one,
    );

    await run();

    expect(world.told[0]?.cases).toEqual([
      expect.stringMatching(/^5 wait for approval \(the fleet limit is reached\): /),
      '3 contained (playbook spawned-child): thing-2, thing-1, thing-0',
      '4 closed (last act on 3 by bob, ada): thing-6, thing-5, thing-4, thing-3',
    ]);
  });

  it.each([
    [
      'audit finding/DEVICE_CERTIFICATE_SHARED_CHECK',
      'audit findings (device certificate shared)',
      'DEVICE_CERTIFICATE_SHARED_CHECK',
    ],
    ['external finding/siem', 'findings of siem', 'siem'],
  ])('counts the findings of %s, each of which is of another resource', async (group, name, typed) => {
    const { world, run } = setUp();
    world.stored = { ...world.stored, behavior: group };
    world.cases = world.cases.map((one, index) => ({ ...one, behaviors: [`${group}/${index}`] }));
    world.cases.push(aListed(4, { thingName: thingKey('other'), behaviors: [`${group}-other/1`] }));

    await run();

    expect(world.told[0]?.title).toBe(`storm of ${name} since 11:06 UTC: 12 wait for approval`);
    expect(world.told[0]?.commands).toEqual([
      `npx cordon list --behavior ${typed}`,
      `npx cordon approve --all --behavior ${typed} --expect 12`,
    ]);
  });

  it('is published again when its numbers change: to all channels when they doubled, else as an update', async () => {
    const { world, run } = setUp({ count: 12 });
    await run();
    await run();
    expect(world.told).toHaveLength(1);

    world.cases.push(aListed(12));
    await run();
    world.cases.push(...Array.from({ length: 11 }, (_, index) => aListed(13 + index)));
    await run();

    expect(world.told.map(({ update }) => update)).toEqual([undefined, true, undefined]);
    expect(new Set(world.told.map(({ caseId }) => caseId)).size).toBe(1);
    const seqs = world.told.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(new Set(seqs).size).toBe(3);
  });

  it('is published to all channels when things newly wait for approval, or twice as many', async () => {
    const { world, run, become } = setUp();
    become('contained');
    const wait = (count: number) => {
      world.cases = world.cases.map((one, index) => ({
        ...one,
        status: index < count ? 'awaiting-approval' : 'contained',
      }));
    };
    await run();
    for (const count of [1, 2, 3, 0, 1]) {
      wait(count);
      await run();
    }

    expect(world.told.map(({ update = false }) => update)).toEqual([false, false, false, true, true, false]);
  });

  it('ends once nothing came for the time and nothing is pending, with what its cases became until then', async () => {
    const { world, run, become } = setUp();
    await run();
    world.now += 20 * minute;
    await run();
    expect(world.stored.value.storms[0]).not.toHaveProperty('over');

    become('contained');
    await run();
    expect(world.stored.value.storms[0]?.over).toBe(true);
    become('closed');
    await run();

    expect(world.told.map(({ status }) => status)).toEqual(['storm', 'storm', 'closed']);
    expect(world.told.at(-1)?.title).toBe('storm of no-child since 11:06 UTC: over: 12 closed');
    expect(world.told.at(-1)?.update).toBeUndefined();
    expect(world.stored.value.storms).toEqual([]);
    await run();
    expect(world.told).toHaveLength(3);
  });

  it('is not ended by a run that was killed, nor while a case joins', async () => {
    const { world, run, become } = setUp();
    become('contained');
    world.now += 20 * minute;
    await run();
    world.isKilled = true;
    await expect(run()).rejects.toThrow('killed');
    world.isKilled = false;
    world.isDisturbed = true;
    await run();
    world.isDisturbed = false;
    // The case that joined.
    const [storm] = world.stored.value.storms;
    if (!storm) throw new Error('the storm is forgotten');
    const { over: _over, ...goesOn } = { ...storm, lastAt: world.now };
    world.stored = { ...world.stored, version: 9, value: { opened: [], storms: [goesOn] } };
    world.cases.push(aListed(12));
    await run();

    expect(world.told.map(({ status }) => status)).toEqual(['storm', 'closed', 'closed', 'storm']);
    const seqs = world.told.map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(4);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  it('goes only where one of its cases would go, and its end to the same channels', async () => {
    const { world, run, become } = setUp({ withRoutes: true });
    await run();
    become('contained');
    world.now += 20 * minute;
    await run();
    await run();

    expect(world.told.map(({ channels }) => channels?.toSorted())).toEqual([
      ['slack'],
      ['slack', 'teams'],
      ['slack', 'teams'],
    ]);
  });

  it('counts no drill, and one case of each thing', async () => {
    const { world, run } = setUp();
    world.cases.push(
      aListed(6, { caseId: 'again', openedAt: now + 900, status: 'closed' }),
      aListed(7, { thingName: thingKey('cordon-drill-1') }),
    );

    await run();

    expect(world.told[0]?.title).toMatch(/: 11 wait for approval, 1 closed$/);
  });
});
