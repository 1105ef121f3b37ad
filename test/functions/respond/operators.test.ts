import type { Command } from '../../../shared/domain/decide/command';
import { describeRefusal } from '../../../shared/domain/messages/describe-reason';
import { aConfiguration, aPlaybook } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, groupsOf, operator, readStory, shownCaseOf } from './story';

const ordered = (type: Parameters<typeof operator>[0], over: object = {}): Command =>
  ({ ...operator(type), requestId: 'request-1', ...over }) as Command;
const refusalOf = ({ stored }: World) => {
  const refusal = stored.refusals.get('request-1');
  return refusal && describeRefusal(refusal);
};

const sharing = withActions(['deny-certificate', 'disconnect'], { mode: 'approve' });

describe('a refused command of an operator', () => {
  it('gets an answer if the thing has no case', async () => {
    const world = aWorldWithPolicies();
    await anEngine(world)(ordered('release'));

    expect(refusalOf(world)).toBe('the thing has no open case');
    expect([world.stored.items.size, world.told]).toEqual([0, []]);
    expect(world.stored.refusedActions).toEqual([{ command: 'release', actor: 'ada' }]);
  });

  it('is in the audit if no timeline has it: without a case, or for a closed case', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    world.killSwitch = { state: 'on' };
    await engine(ordered('contain'), { id: 'withheld' });
    world.killSwitch = { state: 'off' };
    await engine(ordered('contain'), { id: 'contain' });
    await engine(ordered('contain'), { id: 'again' });
    await engine(ordered('release', { caseId: 'an-earlier-one' }), { id: 'late' });

    expect(world.stored.refusedActions).toEqual([
      { command: 'contain', actor: 'ada' },
      { command: 'release', actor: 'ada', caseId: 'an-earlier-one' },
    ]);
    expect(readStory(world)).toContain('containment refused');
  });

  it('gets an answer, a timeline entry and an announcement if the thing has a case', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm());
    await engine(ordered('contain'));

    expect(refusalOf(world)).toBe('the thing is already held (contained)');
    expect(readStory(world)).toContain('containment refused');
    expect(world.told.at(-1)).toMatchObject({
      kind: 'refused',
      status: 'contained',
      text: 'containment by ada was refused: the thing is already held (contained)',
    });
  });

  it('changes nothing else in a case that holds the thing', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm());
    const { ledger, status } = shownCaseOf(world);
    await engine(ordered('contain'));
    await engine(ordered('dismiss'));

    expect(shownCaseOf(world)).toMatchObject({ ledger, status });
  });
});

describe('a release of a thing that is still in alarm', () => {
  it('needs force if its playbook would immediately contain it again', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm());

    await engine(ordered('release', { force: false }));
    expect(refusalOf(world)).toBe(
      'myapp-processes/no-child-processes is still in alarm, and its playbook would contain the thing again at once; end what causes it and wait for a report without it, or force it',
    );
    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.at(-1)).toMatchObject({
      kind: 'refused',
      inAlarm: ['myapp-processes/no-child-processes'],
    });

    await engine(ordered('release', { force: true }));
    expect(shownCaseOf(world).status).toBe('closed');
  });

  it.each([
    ['the alarm has ended', { clears: true }],
    ['it is Device Defender’s, which takes its time', { detector: 'device-defender' }],
    ['its playbook asks people', { mode: 'approve' }],
  ] as const)(
    'needs no force if %s',
    async (_, given: Partial<Record<'clears' | 'detector' | 'mode', unknown>>) => {
      const world = aWorldWithPolicies();
      const mode = given.mode ? 'approve' : 'enforce';
      const engine = anEngine(world, { configuration: aConfiguration({ playbooks: [aPlaybook({ mode })] }) });
      await engine(alarm(given.detector ? { detector: 'device-defender' } : {}));
      if (given.mode) await engine(ordered('approve'));
      if (given.clears)
        await engine(alarm({ eventType: 'alarm-cleared', occurredAt: world.time.now + 1_000 }));

      await engine(ordered('release', { force: undefined }));

      expect(shownCaseOf(world).status).toBe('closed');
    },
  );
});

describe('a containment by hand', () => {
  it.each(['contain', 'approve'] as const)('of an exempt thing needs force: %s', async (type) => {
    const world = aWorldWithPolicies();
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    const engine = anEngine(world, { configuration });
    if (type === 'approve') await engine(alarm());
    world.registered.find('mything1').groups.add('life-support');

    await engine(ordered(type));
    expect(refusalOf(world)).toBe(
      'the thing is exempt: thing group life-support; force it if you intend this',
    );
    expect(groupsOf(world)).not.toContain('cordon-quarantine');

    await engine(ordered(type, { force: true }));
    expect(shownCaseOf(world).status).toBe('contained');
  });

  it('needs force if it would affect other things', async () => {
    const world = aWorldWithPolicies();
    world.registered.register('mything2');
    const engine = anEngine(world, sharing);
    // Asked for by the playbook's mode when nobody else used the certificate.
    await engine(alarm());
    world.stored.items.set('mything1', {
      version: world.stored.items.get('mything1')?.version ?? 0,
      value: { ...caseOf(world), reason: { code: 'playbook-asks', playbook: 'spawned-child' } },
    });

    await engine(ordered('approve'));
    expect(refusalOf(world)).toBe(
      'certificate aaaaaaaa is used by mything2 as well; force it if they may be affected',
    );
    expect(shownCaseOf(world).status).toBe('awaiting-approval');

    await engine(ordered('approve', { force: true }));
    expect(shownCaseOf(world).status).toBe('contained');
  });

  it('continues if the approval answers the very question', async () => {
    const world = aWorldWithPolicies();
    world.registered.register('mything2');
    const engine = anEngine(world, sharing);
    await engine(alarm());
    expect(shownCaseOf(world).reason).toBe('certificate aaaaaaaa is used by mything2 as well');

    await engine(ordered('approve'));
    expect([refusalOf(world), caseOf(world).status]).toEqual([undefined, 'contained']);
  });
});

describe('how long a denial took', () => {
  it('is measured from the decision, not from the alarm that people had to approve', async () => {
    const world = aWorldWithPolicies();
    const times: [string, number][] = [];
    world.ports.metrics.time = (name, ms) => void times.push([name, ms]);
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    world.time.now += 198_000;

    await engine(ordered('approve'));

    expect(Object.fromEntries(times)).toMatchObject({ DecisionToVerifiedMs: 0 });
    expect(Object.fromEntries(times).AlertToVerifiedMs).toBeGreaterThanOrEqual(198_000);
  });
});

describe('several waiting things', () => {
  it('cause one message for people when they are rejected', async () => {
    const world = aWorldWithPolicies();
    const configuration = aConfiguration();
    const engine = anEngine(world, {
      configuration: {
        ...configuration,
        guards: { ...configuration.guards, fleetLimit: { things: 1, within: 600_000 } },
      },
    });
    const names = Array.from({ length: 20 }, (_, index) => `silent-${index}`);
    for (const name of names) {
      world.registered.register(name);
      await engine(alarm({ thingName: name, violationId: name }));
    }
    const before = world.told.filter(({ quiet }) => !quiet).length;
    for (const name of names.slice(2)) await engine(ordered('reject' as 'approve', { thingName: name }));

    const told = world.told.filter(({ quiet }) => !quiet).slice(before);
    expect(told.map(({ kind }) => kind)).toEqual(['rejected']);
    expect(names.slice(2).map((name) => caseOf(world, name).status)).toEqual(
      names.slice(2).map(() => 'observed'),
    );
  });
});

describe('a rejection', () => {
  const own = { clientId: 'mything1', principal: 'a'.repeat(64) };
  const forged = { clientId: 'other', principal: 'c'.repeat(64) };

  it('of a forged alarm leaves the thing’s own alarm to its playbook', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    await engine(alarm({ reporter: forged }));
    expect(shownCaseOf(world).status).toBe('awaiting-approval');
    await engine(ordered('reject' as 'approve'));
    expect(shownCaseOf(world).status).toBe('observed');

    await engine(alarm({ reporter: own, violationId: 'own', occurredAt: world.time.now + 1_000 }));

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.at(-1)?.kind).toBe('contained');
  });

  it('of the thing’s own alarm applies to the same alarm from the same certificate, and to no other behavior', async () => {
    const world = aWorldWithPolicies();
    const asks = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    await anEngine(world, { configuration: asks })(alarm({ reporter: own }));
    await anEngine(world, { configuration: asks })(ordered('reject' as 'approve'), { id: 'reject' });
    const engine = anEngine(world);

    await engine(alarm({ reporter: own, violationId: 'v2', occurredAt: world.time.now + 1_000 }), {
      id: 'v2',
    });
    expect(shownCaseOf(world).status).toBe('observed');
    await engine(
      alarm({
        reporter: own,
        behaviorName: 'another',
        violationId: 'v3',
        occurredAt: world.time.now + 2_000,
      }),
      { id: 'v3' },
    );
    expect(shownCaseOf(world).status).toBe('contained');
  });
});

describe('an event from the future', () => {
  it('hides no later event of its behavior, even if it was stored with that time', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world);
    const future = world.time.now + 365 * 86_400_000;
    await engine(alarm({ eventType: 'in-alarm', occurredAt: future, violationId: 'future' }));
    await engine(ordered('release', { force: true }));

    await engine(alarm({ occurredAt: world.time.now, violationId: 'real' }));

    const [violation] = Object.values(caseOf(world).violations);
    expect(violation).toMatchObject({ violationId: 'real', lastEventAt: world.time.now });
    expect(shownCaseOf(world).status).not.toBe('closed');
  });
});
