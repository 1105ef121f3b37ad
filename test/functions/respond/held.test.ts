import { aConfiguration, aPlaybook, certificateArn, now } from '../../builders';
import type { World } from '../../fakes';
import { anArmedWorld, playing, secondArn } from './armed';
import { alarm, anEngine, caseOf, operator, readStory, resume } from './story';

const statusesOf = (world: World) => caseOf(world).ledger.map(({ action, status }) => `${action} ${status}`);
const textsOf = ({ told }: World) => told.map(({ kind, text }) => `${kind}: ${text}`);

/** One behavior is quarantined for, the other has its certificate deactivated. */
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
const second = (behaviorName: string, metric = 'num_child_procs_myapp') =>
  alarm({ behaviorName, metric, violationId: behaviorName, occurredAt: now + 1 });

describe('a further violation of a held thing', () => {
  it('has it held harder where its playbook wants that, as the same containment under the stricter release', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    await engine(second('worse'));

    expect(statusesOf(world)).toEqual([
      'deactivate-certificate verified',
      'disconnect verified',
      'quarantine verified',
    ]);
    expect(caseOf(world)).toMatchObject({
      status: 'contained',
      playbook: 'harder',
      release: { by: 'operator' },
    });
    expect(caseOf(world).pastContainments).toHaveLength(1);
    expect(textsOf(world)).toContain(
      'new-violation: myapp-processes/worse is in alarm as well; held harder: deactivate-certificate',
    );

    await engine(operator('release'));
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('ACTIVE');
    expect(caseOf(world).status).toBe('closed');
  });

  it('says what its playbook would do but for a guard', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    const { ledger } = caseOf(world);
    await engine(second('unclear'));

    expect(caseOf(world)).toMatchObject({ status: 'contained', ledger });
    expect(textsOf(world).at(-1)).toBe(
      'new-violation: myapp-processes/unclear is in alarm as well; the thing is already held, not by job: playbook asks asks before it acts',
    );
  });

  it('is no news where the containment itself causes it', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    const told = world.told.length;
    await engine(second('worse', 'aws:num-authorization-failures'));

    expect(statusesOf(world)).toEqual(['disconnect verified', 'quarantine verified']);
    expect(world.told.length).toBe(told);
  });
});

describe('a certificate that is attached to a held thing', () => {
  const attach = (world: World) => {
    world.registered.find('mything1').principals.push(secondArn);
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    world.time.now = caseOf(world).dueAt ?? 0;
  };
  const all = aConfiguration({
    playbooks: [aPlaybook({ actions: ['deny-certificate', 'deactivate-certificate', 'disconnect'] })],
  });
  const readCertificates = ({ certificates, policies }: World) => ({
    statuses: [...certificates.statuses.values()],
    denied: [...(policies.stored.get('cordon-quarantine')?.targets ?? [])],
  });

  it('is held as well, and given back with the others', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(resume);

    expect(readCertificates(world)).toEqual({
      statuses: ['INACTIVE', 'INACTIVE'],
      denied: [certificateArn, secondArn],
    });
    expect(caseOf(world).status).toBe('contained');
    expect(readStory(world)).toContain('certificate bbbbbbbb was attached while the thing is held');

    await engine(operator('release'));
    expect(readCertificates(world)).toEqual({ statuses: ['ACTIVE', 'ACTIVE'], denied: [] });
  });

  it('is left alone, and told of, where others use it', async () => {
    const world = anArmedWorld();
    world.registered.register('mything2', { principals: [secondArn] });
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(resume);

    expect(readCertificates(world).denied).toEqual([certificateArn]);
    expect(textsOf(world).at(-1)).toMatch(
      /^drift: certificate bbbbbbbb .*: certificate bbbbbbbb is used by mything2/,
    );
  });
});

describe('two violations that wait for approval', () => {
  it('keep the playbook of the more severe one', async () => {
    const world = anArmedWorld();
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

    expect(caseOf(world)).toMatchObject({
      status: 'awaiting-approval',
      playbook: 'severe',
      severity: 'critical',
    });
    expect(world.told.at(-1)?.kind).toBe('new-violation');
  });
});

describe('what a held device says of other things', () => {
  it('opens no question and is no message, and the case tells where it came from', async () => {
    const world = anArmedWorld();
    world.registered.register('rogue', { principals: [secondArn] });
    const engine = anEngine(world, playing(['deny-certificate', 'disconnect']));
    await engine(alarm({ thingName: 'rogue' }));
    expect(caseOf(world, 'rogue').status).toBe('contained');
    const before = world.told.length;

    await engine(alarm({ reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } }));

    expect(caseOf(world)).toMatchObject({
      status: 'observed',
      reason: 'the report came from a certificate of rogue, which is held, so it may be forged',
    });
    expect(world.told.slice(before).map(({ quiet }) => quiet)).toEqual([true]);

    await engine(operator('release', 'rogue'));
    await engine(
      alarm({ behaviorName: 'other', reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } }),
    );
    expect(caseOf(world).status).toBe('awaiting-approval');
  });
});
