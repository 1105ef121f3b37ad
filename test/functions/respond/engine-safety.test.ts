import fc from 'fast-check';
import { checkChain } from '../../../cli/cases/verify';
import type { Command } from '../../../shared/domain/decide/command';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, aPlaybook, certificateArn, now } from '../../builders';
import { aWorld, type World } from '../../world';
import {
  alarm,
  anEngine,
  caseOf,
  groupsOf,
  isWrite,
  operator,
  readStory,
  resume,
  shownCaseOf,
} from './story';

const names = Array.from({ length: 6 }, (_, index) => `thing${index}`);

function aFleet(): World {
  const world = aWorld();
  for (const [index, name] of names.entries())
    world.registered.register(name, {
      principals: [certificateArn.replaceAll('a'.repeat(64), String(index).repeat(64))],
    });
  return world;
}

const limitedTo = (things: number, windowMs = 600_000) => ({
  configuration: aConfiguration({
    guards: { ...aConfiguration().guards, fleetLimit: { things, within: windowMs } },
  }),
});

const inQuarantine = (world: World) =>
  names.filter((name) => groupsOf(world, name).includes('cordon-quarantine'));

describe('respond, in its order of work,', () => {
  it('saves the plan before the first change and the outcomes before what follows, and announces only what is saved', async () => {
    const world = aWorld();

    await anEngine(world)(alarm());

    const changing = /addToGroup|cut|publish/;
    expect(world.calls.filter((call) => isWrite(call) || changing.test(call))).toEqual([
      'fleetLimit.reserve',
      'cases.save',
      'connections.cut',
      'things.addToGroup',
      'cases.save',
      'cases.appendTimeline',
      'announcer.publish',
      'connections.publish',
      'cases.save',
    ]);
  });

  it('repeats an announcement under its id when the invocation ended before it was cleared', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.hook = async (call, perform) => {
      const result = await perform();
      if (call === 'announcer.publish' && world.told.length === 1) throw new Error('crashed');
      return result;
    };

    await expect(engine(alarm(), { id: 'm' })).rejects.toThrow('crashed');
    await engine(alarm(), { id: 'm' });

    expect(world.told).toHaveLength(2);
    expect(world.told[1]).toEqual(world.told[0]);
  });

  it('keeps the case small while nothing can be announced, with its timeline, and announces the newest after that', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.hook = (call, perform) =>
      call === 'announcer.publish' ? Promise.reject(new Error('no access to the key')) : perform();
    for (let index = 0; index < 100; index += 1) {
      const eventType = index % 2 === 0 ? 'in-alarm' : 'alarm-cleared';
      const event = alarm({ eventType, violationId: `v${index}`, occurredAt: now + index });
      await expect(engine(event, { id: `m${index}` })).rejects.toThrow('no access to the key');
    }

    expect(caseOf(world).outbox.timeline.length).toBeLessThan(60);
    expect(caseOf(world).outbox.announcements.length).toBeLessThan(5);
    world.hook = (_, perform) => perform();
    world.time.now += 60_000;
    await engine(resume);

    expect(world.told.map(({ kind }) => kind)).toContain('contained');
    expect(readStory(world).filter((what) => what.includes('alarm'))).toHaveLength(100);
    expect(checkChain(caseOf(world), [...world.stored.timeline.values()], world.time.now).faults).toEqual([]);
  });

  it('first sends the pending announcements of a closed case, then opens the next case', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    await engine(alarm());
    world.hook = (call, perform) =>
      call === 'announcer.publish' ? Promise.reject(new Error('crashed')) : perform();
    await expect(engine(operator('release'))).rejects.toThrow('crashed');
    world.hook = (_, perform) => perform();

    await engine(alarm({ occurredAt: now + 1 }));

    expect(world.told.map(({ kind }) => kind)).toEqual(['contained', 'released', 'contained']);
    expect(new Set(world.told.map(({ id }) => id)).size).toBe(3);
    expect(new Set(world.told.map(({ caseId }) => caseId)).size).toBe(2);
  });
});

describe('respond, on a drill,', () => {
  it('takes no place in the fleet limit, contains the thing even during a storm, and leaves the case out of the metrics', async () => {
    const world = aFleet();
    const thingName = 'cordon-drill-0a1b2c3d';
    world.registered.register(thingName, {
      principals: [certificateArn.replaceAll('a'.repeat(64), 'd'.repeat(64))],
    });
    const engine = anEngine(world, limitedTo(1));

    await engine(alarm({ thingName }));
    expect(caseOf(world, thingName).status).toBe('contained');
    expect(world.telemetry.counts).not.toHaveProperty('Contained');
    await engine(operator('release', thingName));
    expect(world.telemetry.counts).not.toHaveProperty('CaseClosed');
    await engine(alarm({ thingName: 'thing0' }));
    expect(caseOf(world, 'thing0').status).toBe('contained');
    expect(world.telemetry.counts).toMatchObject({ Contained: 1 });

    await engine(alarm({ thingName, violationId: 'again', occurredAt: world.time.now + 1 }));
    expect(caseOf(world, thingName).status).toBe('contained');
    expect(world.told.filter(({ drill }) => drill).map(({ kind }) => kind)).toEqual([
      'contained',
      'released',
      'contained',
    ]);
  });
});

describe('respond, with a fleet limit,', () => {
  it('counts a thing once, however often it is released and contained again', async () => {
    const world = aFleet();
    const engine = anEngine(world, limitedTo(2));
    for (let time = 0; time < 4; time += 1) {
      world.time.now += 1_000;
      await engine(alarm({ thingName: 'thing0', violationId: `v${time}`, occurredAt: world.time.now }));
      expect(shownCaseOf(world, 'thing0').status).toBe('contained');
      await engine(operator('release', 'thing0'));
    }

    await engine(alarm({ thingName: 'thing1', occurredAt: world.time.now }));
    expect(shownCaseOf(world, 'thing1').status).toBe('contained');
    await engine(alarm({ thingName: 'thing2', occurredAt: world.time.now }));
    expect(shownCaseOf(world, 'thing2').status).toBe('awaiting-approval');
  });

  it('asks for approval from the first thing above the limit on, and contains the thing once approved', async () => {
    const world = aFleet();
    const engine = anEngine(world, limitedTo(2));
    for (const thingName of names) await engine(alarm({ thingName }));

    expect(names.map((name) => caseOf(world, name).status)).toEqual([
      'contained',
      'contained',
      ...Array(4).fill('awaiting-approval'),
    ]);
    expect(shownCaseOf(world, 'thing2').reason).toBe(
      'the fleet limit is reached: 2 things within 10 minutes',
    );

    await engine(operator('approve', 'thing2'));
    expect(shownCaseOf(world, 'thing2').status).toBe('contained');
    expect(inQuarantine(world)).toEqual(['thing0', 'thing1', 'thing2']);
  });

  it('applies the limit to held-back cases, too, once the kill switch is off', async () => {
    const world = aFleet();
    const engine = anEngine(world, limitedTo(2));
    world.killSwitch = { state: 'on' };
    for (const thingName of names) await engine(alarm({ thingName }), { id: `on-${thingName}` });
    expect(inQuarantine(world)).toEqual([]);

    world.killSwitch = { state: 'off' };
    world.time.now = Math.max(...names.map((name) => caseOf(world, name).dueAt ?? Infinity));
    for (const thingName of names) await engine({ type: 'resume', thingName: thingKey(thingName) });

    expect(inQuarantine(world)).toEqual(['thing0', 'thing1']);
    expect(names.slice(2).map((name) => caseOf(world, name).status)).toEqual(
      Array(4).fill('awaiting-approval'),
    );
  });

  it('never contains more things within the window than permitted, whatever the order, repeats and times', async () => {
    const event = fc.record({
      thing: fc.constantFrom(...names),
      afterMs: fc.integer({ min: 0, max: 400 }),
      behavior: fc.constantFrom('no-child-processes', 'other'),
      ending: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (events, limit) => {
          const world = aFleet();
          const engine = anEngine(world, limitedTo(limit, 1_000));
          const containedAt: number[] = [];
          for (const { thing, afterMs, behavior, ending } of events) {
            world.time.now += afterMs;
            const before = inQuarantine(world).length;
            await engine(
              alarm({
                thingName: thing,
                behaviorName: behavior,
                occurredAt: world.time.now,
                eventType: ending ? 'alarm-cleared' : 'in-alarm',
              }),
            );
            if (inQuarantine(world).length > before) containedAt.push(world.time.now);
          }
          for (const at of containedAt)
            expect(
              containedAt.filter((other) => other <= at && at - other < 1_000).length,
            ).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('respond, on decisions of people,', () => {
  const asks = {
    configuration: aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] }),
  };

  it('applies nothing before the approval, and everything after it', async () => {
    const world = aWorld();
    const engine = anEngine(world, asks);

    await engine(alarm());
    expect(groupsOf(world)).toEqual(['sensors']);
    await engine(operator('approve'));

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.map(({ kind }) => kind)).toEqual(['approval-needed', 'contained']);
  });

  it.each([
    ['an alarm', alarm(), 'observed'],
    ['an order to contain', operator('contain'), undefined],
  ] as const)('changes no thing on %s while the kill switch is on', async (_, command, status) => {
    const world = aWorld();

    world.killSwitch = { state: 'on' };
    await anEngine(world)(command);

    expect(world.stored.items.get('mything1')?.value.status).toBe(status);
    expect(world.calls.filter((call) => /addTo|cut/.test(call))).toEqual([]);
  });

  it('names the kill switch in each announcement it affects, and in none once it is off', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.killSwitch = { state: 'on', by: 'ada', reason: 'wrong threshold' };
    await engine(alarm());
    world.killSwitch = { state: 'off' };
    await engine(operator('contain'));

    expect(world.told.map(({ kind, killSwitch }) => [kind, killSwitch])).toEqual([
      ['observed', { state: 'on', by: 'ada', reason: 'wrong threshold' }],
      ['contained', undefined],
    ]);
  });

  it('applies a forced command while the kill switch cannot be read, and no other command', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.killSwitch = { state: 'unknown', reason: 'AccessDeniedException: no' };
    await engine(alarm());
    await engine(operator('approve'));
    expect([caseOf(world).status, groupsOf(world)]).toEqual(['awaiting-approval', ['sensors']]);

    await engine({ ...operator('approve'), force: true } as Command);

    expect([caseOf(world).status, groupsOf(world)]).toEqual(['contained', ['sensors', 'cordon-quarantine']]);
  });

  it('applies no further step once the kill switch is switched on during the work', async () => {
    const world = aWorld();
    world.hook = async (call, perform) => {
      // The device is back before it is denied, so that its session would be cut again.
      if (call === 'things.addToGroup') world.live.sessions.set('mything1', now);
      const answer = await perform();
      if (call === 'things.addToGroup') {
        world.time.now += 5;
        world.killSwitch = { state: 'on' };
      }
      return answer;
    };

    await anEngine(world)(alarm());

    expect(world.calls.filter((call) => /addTo|cut/.test(call))).toEqual([
      'connections.cut',
      'things.addToGroup',
    ]);
    expect(caseOf(world).ledger.map(({ status }) => status)).toEqual(['planned', 'verified']);
  });

  it('cuts no session while the kill switch is on, and still releases', async () => {
    const world = aWorld();
    await anEngine(world)(alarm());
    world.killSwitch = { state: 'on' };
    const engine = anEngine(world, { policyCacheMs: 1_000 });
    world.calls.length = 0;

    const reconnected: Command = {
      type: 'reconnected',
      thingName: thingKey('mything1'),
      clientId: 'mything1',
      connectedAt: now,
    };
    await engine(reconnected);
    expect(world.calls).toEqual(['cases.load']);
    await engine(operator('release'), { id: 'release' });

    expect(shownCaseOf(world).status).toBe('closed');
    expect(groupsOf(world)).toEqual(['sensors']);
  });

  it('applies nothing again while the kill switch is on, and continues to verify', async () => {
    const world = aWorld();
    await anEngine(world)(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');
    world.killSwitch = { state: 'on' };
    const engine = anEngine(world);

    for (let look = 0; look < 3; look += 1) {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume, { id: `look-${look}` });
    }

    expect(groupsOf(world)).toEqual(['sensors']);
    expect(shownCaseOf(world).status).toBe('containing');
  });

  it('remembers an unfinished release when the device alarms again and nothing may be done', async () => {
    const world = aWorld();
    await anEngine(world)(alarm(), { id: 'alarm' });
    world.hook = (call, perform) =>
      call === 'things.removeFromGroup' ? Promise.reject(new Error('throttled')) : perform();
    await expect(anEngine(world)(operator('release'), { id: 'release' })).rejects.toThrow('throttled');
    world.hook = (_, perform) => perform();
    world.killSwitch = { state: 'on' };
    const engine = anEngine(world);

    await engine(alarm({ behaviorName: 'other', occurredAt: now + 1 }), { id: 'second' });

    expect(shownCaseOf(world).status).toBe('closed');
    expect(groupsOf(world)).toEqual(['sensors']);
  });

  it('changes nothing for a thing without a case', async () => {
    const world = aWorld();
    const engine = anEngine(world);

    for (const command of [resume, operator('release'), operator('approve'), operator('dismiss')])
      await engine(command);

    expect(world.calls.filter((call) => call !== 'cases.load' && !call.startsWith('things.'))).toEqual([]);
  });
});
