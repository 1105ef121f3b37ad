import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, aPlaybook, certificateArn } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { second, textsOf } from './held-story';
import { alarm, anEngine, caseOf, operator, shownCaseOf } from './story';

const statusesOf = (world: World) => caseOf(world).ledger.map(({ action, status }) => `${action} ${status}`);

/** For one behavior the thing is quarantined, for the other its certificate is deactivated. */
const configuration = aConfiguration({
  playbooks: [
    aPlaybook({
      name: 'harder',
      when: { behavior: 'worse' },
      actions: ['quarantine', 'deactivate-certificate', 'disconnect'],
      release: { after: 3_600_000 },
    }),
    aPlaybook({ name: 'asks', when: { behavior: 'unclear' }, mode: 'approve', actions: ['job'] }),
    aPlaybook(),
  ],
});

describe('a further violation of a held thing', () => {
  it('adds stricter actions if its playbook asks for them, in the same containment under the stricter release', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    await engine(second('worse'));

    expect(statusesOf(world)).toEqual([
      'deactivate-certificate verified',
      'disconnect verified',
      'quarantine verified',
    ]);
    expect(shownCaseOf(world)).toMatchObject({
      status: 'contained',
      playbook: 'harder',
      release: { by: 'operator' },
    });
    expect(shownCaseOf(world).pastContainments).toHaveLength(1);
    expect(textsOf(world)).toContain(
      'new-violation: myapp-processes/worse is in alarm as well; hardened by deactivate-certificate',
    );

    await engine(operator('release'));
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('ACTIVE');
    expect(shownCaseOf(world).status).toBe('closed');
  });

  it('shows what its playbook would do without a guard', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    const { ledger } = shownCaseOf(world);
    await engine(second('unclear'));

    expect(shownCaseOf(world)).toMatchObject({ status: 'contained', ledger });
    expect(textsOf(world).at(-1)).toBe(
      'new-violation: myapp-processes/unclear is in alarm as well; the thing is already held; its playbook also names job, which Cordon does not apply: playbook asks asks before it acts',
    );
  });

  it('is not announced if the containment itself causes it', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    const told = world.told.length;
    await engine(second('worse', 'aws:num-authorization-failures'));

    expect(statusesOf(world)).toEqual(['disconnect verified', 'quarantine verified']);
    expect(world.told.length).toBe(told);
  });
});

describe('a held thing, once the sweep has repaired the quarantine,', () => {
  it('is returned to the group and cut at once, and earlier sessions are no longer trusted', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { policyCacheMs: 480_000, configuration });
    world.registered.register('mything2');
    await engine(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');
    world.time.now += 3_600_000;
    world.live.sessions.set('mything1', world.time.now - 1_000);
    await engine({ type: 'resume', thingName: thingKey('mything1'), early: true });

    expect([...world.registered.find('mything1').groups]).toEqual(['sensors', 'cordon-quarantine']);
    expect([caseOf(world).status, world.live.sessions.size]).toEqual(['contained', 0]);
    const connectedAt = world.time.now + 1_000;
    world.live.sessions.set('mything1', connectedAt);
    await engine({ type: 'reconnected', thingName: thingKey('mything1'), clientId: 'mything1', connectedAt });
    expect(world.live.sessions.size).toBe(0);
  });
});

describe('a thing in ten groups', () => {
  const aFullWorld = () => {
    const world = aWorldWithPolicies();
    for (let count = 1; count < 10; count += 1) world.registered.find('mything1').groups.add(`g${count}`);
    world.registered.find('mything1').principals.push(secondArn);
    world.registered.register('mything2', { principals: [secondArn] });
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    return world;
  };
  const { configuration: grouping } = withActions(['quarantine', 'disconnect']);

  it('has its own certificate denied even if another one is shared, and the case says that this is not enough', async () => {
    const world = aFullWorld();
    await anEngine(world, { policyCacheMs: 480_000, configuration: grouping })(alarm());

    expect(statusesOf(world)).toEqual([
      'deactivate-certificate verified',
      'disconnect verified',
      'quarantine failed',
      'deny-certificate verified',
    ]);
    expect(shownCaseOf(world).status).toBe('containment-failed');
    expect(textsOf(world).at(-1)).toContain('at most 10 groups');
  });

  it('is contained by its own certificate if the shared one is inactive', async () => {
    const world = aFullWorld();
    world.certificates.statuses.set('b'.repeat(64), 'REVOKED');
    await anEngine(world, { policyCacheMs: 480_000, configuration: grouping })(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect([...(world.policies.stored.get('cordon-quarantine')?.targets ?? [])]).toEqual([certificateArn]);
  });
});

describe('two violations that wait for approval', () => {
  it('keep the playbook of the more severe one', async () => {
    const world = aWorldWithPolicies();
    const asking = aConfiguration({
      playbooks: [
        aPlaybook({
          name: 'mild',
          when: { behavior: 'mild' },
          mode: 'approve',
          severity: 'low',
          actions: ['job'],
        }),
        aPlaybook({ name: 'severe', mode: 'approve' }),
      ],
    });
    const engine = anEngine(world, { configuration: asking });
    await engine(alarm());
    await engine(second('mild'));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'awaiting-approval',
      playbook: 'severe',
      severity: 'critical',
    });
    expect(world.told.at(-1)?.kind).toBe('new-violation');
  });
});

describe('a report of a held device about other things', () => {
  it('asks no approval and sends no message, and the case names its origin', async () => {
    const world = aWorldWithPolicies();
    world.registered.register('rogue', { principals: [secondArn] });
    const engine = anEngine(world, withActions(['deny-certificate', 'disconnect']));
    await engine(alarm({ thingName: 'rogue' }));
    expect(shownCaseOf(world, 'rogue').status).toBe('contained');
    const before = world.told.length;

    await engine(alarm({ reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } }));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'observed',
      reason: 'the report came from a certificate of rogue, which is held, so it may be forged',
    });
    expect(world.told.slice(before).map(({ quiet }) => quiet)).toEqual([true]);

    await engine(operator('release', 'rogue'));
    await engine(
      alarm({ behaviorName: 'other', reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } }),
    );
    expect(shownCaseOf(world).status).toBe('awaiting-approval');
  });
});
