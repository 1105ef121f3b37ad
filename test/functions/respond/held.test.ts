import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aConfiguration, aPlaybook, certificateArn, now } from '../../builders';
import type { World } from '../../fakes';
import { anArmedWorld, playing, secondArn } from './all-actions-world';
import { alarm, anEngine, caseOf, operator, readStory, resume, shownCaseOf } from './story';

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
  it('adds stricter actions if its playbook asks for them, in the same containment under the stricter release', async () => {
    const world = anArmedWorld();
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
    const world = anArmedWorld();
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
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    const told = world.told.length;
    await engine(second('worse', 'aws:num-authorization-failures'));

    expect(statusesOf(world)).toEqual(['disconnect verified', 'quarantine verified']);
    expect(world.told.length).toBe(told);
  });
});

describe('a certificate that somebody detaches from a held thing', () => {
  const quarantined = async () => {
    const world = anArmedWorld();
    const engine = anEngine(world);
    await engine(alarm());
    const later = async () => {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume);
    };
    return { world, engine, later, thing: world.registered.find('mything1') };
  };
  const deniedOf = ({ policies }: World) => [...(policies.stored.get('cordon-quarantine')?.targets ?? [])];

  it('is denied itself, since no group reaches it any more, and restored with the rest', async () => {
    const { world, engine, later, thing } = await quarantined();
    expect(deniedOf(world)).toEqual([]);
    thing.principals.splice(0, 1);
    await later();

    expect(deniedOf(world)).toEqual([certificateArn]);
    expect(shownCaseOf(world).status).toBe('contained');
    expect(textsOf(world).at(-1)).toBe(
      'new-certificate: certificate aaaaaaaa was detached from the thing, so the quarantine group no longer binds it: it is held as well',
    );
    const told = world.told.length;
    await later();
    expect([shownCaseOf(world).status, world.told.length]).toEqual(['contained', told]);

    await engine(operator('release'));
    expect(deniedOf(world)).toEqual([]);
    expect(shownCaseOf(world)).toMatchObject({
      status: 'closed',
      reason:
        'released: everything is as it was before, except for this: certificate aaaaaaaa was detached from the thing meanwhile',
    });
  });

  it('keeps its denial if it is attached again', async () => {
    const { world, engine, later, thing } = await quarantined();
    thing.principals.splice(0, 1);
    await later();
    thing.principals.push(certificateArn);
    await later();

    expect([deniedOf(world), shownCaseOf(world).status]).toEqual([[certificateArn], 'contained']);
    await engine(operator('release'));
    expect(deniedOf(world)).toEqual([]);
    expect(shownCaseOf(world).reason).toBe('released: everything is as it was before');
  });

  it('is left alone if another thing has it now, and the case says so', async () => {
    const { world, later, thing } = await quarantined();
    thing.principals.splice(0, 1);
    world.registered.register('mything2');
    await later();

    expect(deniedOf(world)).toEqual([]);
    expect(textsOf(world).find((text) => text.startsWith('new-certificate'))).toMatch(
      /certificate aaaaaaaa was detached from the thing.*: certificate aaaaaaaa is used by mything2/,
    );
    expect(shownCaseOf(world).status).not.toBe('contained');
  });

  it('is inactive while its denial spreads, and active again afterwards', async () => {
    const world = anArmedWorld();
    const policyCacheMs = 480_000;
    const engine = anEngine(world, { policyCacheMs });
    const statusOf = () => world.certificates.statuses.get('a'.repeat(64));
    const next = async () => {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume);
    };
    const spread = async () => {
      const until = world.time.now + 3 * policyCacheMs;
      while (statusOf() !== 'ACTIVE' && world.time.now < until) await next();
    };
    await engine(alarm());
    await spread();
    expect([shownCaseOf(world).status, statusOf()]).toEqual(['contained', 'ACTIVE']);
    world.registered.find('mything1').principals.splice(0, 1);
    await next();

    expect([deniedOf(world), statusOf()]).toEqual([[certificateArn], 'INACTIVE']);
    await spread();
    expect([shownCaseOf(world).status, statusOf()]).toEqual(['contained', 'ACTIVE']);
    await engine(operator('release'));
    expect([deniedOf(world), statusOf(), shownCaseOf(world).status]).toEqual([[], 'ACTIVE', 'closed']);
  });

  it('is no certificate of the case any more once that is closed', async () => {
    const { world, engine, thing } = await quarantined();
    await engine(operator('release'));
    thing.principals.splice(0, 1, secondArn);
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    await engine(alarm({ violationId: 'again', occurredAt: world.time.now + 1 }));

    const { facts } = shownCaseOf(world);
    expect(facts?.kind === 'known' && facts.principals.map(({ arn }) => arn)).toEqual([secondArn]);
  });
});

describe('a certificate that somebody attaches to a held thing', () => {
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

  it('is denied as well, and restored with the others', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(resume);

    expect(readCertificates(world)).toEqual({
      statuses: ['INACTIVE', 'INACTIVE'],
      denied: [certificateArn, secondArn],
    });
    expect(shownCaseOf(world).status).toBe('contained');
    expect(readStory(world)).toContain('certificate bbbbbbbb was attached while the thing is held');

    await engine(operator('release'));
    expect(readCertificates(world)).toEqual({ statuses: ['ACTIVE', 'ACTIVE'], denied: [] });
  });

  it('replaces a deleted one, as in a rotation: nothing fails, and the title says what happened', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    world.registered.find('mything1').principals.splice(0, 1);
    world.certificates.statuses.delete('a'.repeat(64));
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.map(({ kind }) => kind)).toEqual(['contained', 'new-certificate']);
    await engine(operator('release'));
    expect(shownCaseOf(world).status).toBe('closed');
    expect(world.told.at(-1)?.text).toContain('certificate aaaaaaaa was deleted meanwhile');
  });

  it('is named on release: that the thing keeps it, and what it had before', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(resume);
    await engine(operator('release'));

    expect(shownCaseOf(world).reason).toBe(
      'released: everything is as it was before, except for this: certificate bbbbbbbb was attached to the thing meanwhile',
    );
  });

  it('is named on release if it came after the last look', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(operator('release'));

    expect(shownCaseOf(world).reason).toContain('certificate bbbbbbbb was attached to the thing meanwhile');
  });

  it('does not hide what happened to the others before it came', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    world.policies.create('wide', ['one'], [certificateArn]);
    world.registered.find('mything1').groups.add('elsewhere');
    attach(world);
    await engine(resume);
    await engine(operator('release'));

    const { reason } = shownCaseOf(world);
    expect(reason).toContain('certificate aaaaaaaa got wide meanwhile');
    expect(reason).toContain('the thing joined group elsewhere meanwhile');
  });

  it('is left alone, and announced, if other things use it', async () => {
    const world = anArmedWorld();
    world.registered.register('mything2', { principals: [secondArn] });
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(resume);

    expect(readCertificates(world).denied).toEqual([certificateArn]);
    expect(textsOf(world).at(-1)).toMatch(
      /^new-certificate: certificate bbbbbbbb .*: certificate bbbbbbbb is used by mything2/,
    );
  });
});

describe('a certificate that somebody takes from a held thing', () => {
  it.each(['quarantine', 'deny-certificate'] as const)(
    'is restored, and named on release, with %s',
    async (action) => {
      const world = anArmedWorld();
      const engine = anEngine(world, playing([action, 'disconnect']));
      await engine(alarm());
      world.registered.find('mything1').principals.splice(0, 1);
      await engine(operator('release'));

      expect(world.policies.stored.get('cordon-quarantine')?.targets).toEqual(new Set());
      expect(shownCaseOf(world).reason).toBe(
        'released: everything is as it was before, except for this: certificate aaaaaaaa was detached from the thing meanwhile',
      );
    },
  );

  it('is named beside one that comes in its place', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, playing(['deny-certificate', 'disconnect']));
    await engine(alarm());
    world.registered.find('mything1').principals.splice(0, 1, secondArn);
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);
    await engine(operator('release'));

    const { reason } = shownCaseOf(world);
    expect(reason).toContain('certificate aaaaaaaa was detached from the thing meanwhile');
    expect(reason).toContain('certificate bbbbbbbb was attached to the thing meanwhile');
  });
});

describe('a thing with a principal that is no certificate', () => {
  const cognito = 'us-east-1:1a2b3c4d-0000-4000-8000-000000000000';

  it('is contained, and a message says that this certificate is not held', async () => {
    const world = anArmedWorld();
    world.registered.find('mything1').principals.push(cognito);
    await anEngine(world)(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.at(-1)?.text).toContain(
      `attached to the thing but no certificate, so not held: ${cognito}; stop it where it gets its credentials`,
    );
  });

  it('says so too if somebody attaches it to a held thing, once', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world);
    await engine(alarm());
    world.registered.find('mything1').principals.push(cognito);
    for (const _ of [1, 2]) {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume);
    }

    expect(textsOf(world).filter((text) => text.includes(cognito))).toEqual([
      `new-certificate: attached to the thing but no certificate, so not held: ${cognito}; stop it where it gets its credentials`,
    ]);
  });
});

describe('several certificates that somebody attaches to a held thing', () => {
  const policyCacheMs = 480_000;
  const spreadMs = policyCacheMs + 120_000;
  const thirdArn = certificateArn.replaceAll('a'.repeat(64), 'c'.repeat(64));
  const { configuration: denying } = playing(['quarantine', 'deny-certificate', 'disconnect']);
  const attach = (world: World, ...arns: string[]) => {
    world.registered.find('mything1').principals.push(...arns);
    for (const arn of arns) world.certificates.statuses.set(arn.slice(-64), 'ACTIVE');
  };
  const look = async (world: World, engine: ReturnType<typeof anEngine>) => {
    world.time.now = caseOf(world).dueAt ?? Number.NaN;
    await engine(resume);
  };
  const statuses = ({ certificates }: World) =>
    Object.fromEntries([...certificates.statuses].map(([id, status]) => [id[0], status]));
  const denied = ({ policies }: World) =>
    [...(policies.stored.get('cordon-quarantine')?.targets ?? [])].map((arn) => arn.at(-1));

  it('are inactive until the policies have spread to them too, each time, and restored on release', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { policyCacheMs, configuration: denying });
    await engine(alarm());
    attach(world, secondArn);
    world.time.now += 60_000;
    await engine({ type: 'resume', thingName: thingKey('mything1'), early: true });
    expect(statuses(world)).toEqual({ a: 'INACTIVE', b: 'INACTIVE' });
    // It would do for the first one; the second is denied since a minute after.
    expect(shownCaseOf(world).dueAt).toBe(now + 60_000 + spreadMs);
    await look(world, engine);
    expect(statuses(world)).toEqual({ a: 'ACTIVE', b: 'ACTIVE' });

    attach(world, thirdArn);
    await look(world, engine);
    expect(statuses(world)).toEqual({ a: 'ACTIVE', b: 'ACTIVE', c: 'INACTIVE' });
    // A session that began before is not trusted.
    world.live.sessions.set('mything1', world.time.now + 1_000);
    const connectedAt = world.time.now + 1_000;
    await engine({ type: 'reconnected', thingName: thingKey('mything1'), clientId: 'mything1', connectedAt });
    expect(world.live.sessions.size).toBe(0);

    await engine(operator('release'));
    expect([statuses(world), denied(world), caseOf(world).status]).toEqual([
      { a: 'ACTIVE', b: 'ACTIVE', c: 'ACTIVE' },
      [],
      'closed',
    ]);
  });

  it('are denied except for one that other things use; that one is never added later', async () => {
    const fourthArn = certificateArn.replaceAll('a'.repeat(64), 'd'.repeat(64));
    const world = anArmedWorld();
    const engine = anEngine(world, { policyCacheMs, configuration: denying });
    await engine(alarm());
    attach(world, secondArn, thirdArn);
    world.registered.register('mything2', { principals: [secondArn] });
    await look(world, engine);
    expect([denied(world), statuses(world)]).toEqual([
      ['a', 'c'],
      { a: 'INACTIVE', b: 'ACTIVE', c: 'INACTIVE' },
    ]);
    expect(textsOf(world).at(-1)).toBe(
      'new-certificate: certificate cccccccc was attached while the thing is held: it is held as well; ' +
        'certificate bbbbbbbb was attached while the thing is held: certificate bbbbbbbb is used by mything2 as well',
    );

    attach(world, fourthArn);
    await look(world, engine);
    expect(denied(world)).toEqual(['a', 'c', 'd']);
  });

  it('are denied while the case still waits for its denial, and after stricter actions', async () => {
    const world = anArmedWorld();
    const { configuration: both } = playing(['quarantine', 'deny-certificate', 'disconnect']);
    const harder = aPlaybook({ name: 'harder', when: { behavior: 'worse' }, actions: ['quarantine', 'job'] });
    const playbooks = [harder, ...both.playbooks];
    const engine = anEngine(world, { configuration: { ...both, playbooks } });
    world.hook = (call, perform) =>
      call === 'policies.attach' ? Promise.reject(awsError('LimitExceededException')) : perform();
    await engine(alarm());
    expect(shownCaseOf(world).status).toBe('containment-failed');
    attach(world, secondArn);
    world.hook = (_call, perform) => perform();
    await look(world, engine);
    expect([caseOf(world).status, denied(world)]).toEqual(['contained', ['a', 'b']]);

    attach(world, thirdArn);
    await engine(second('worse'));
    expect(shownCaseOf(world).playbook).toBe('harder');
    await look(world, engine);
    expect(denied(world)).toEqual(['a', 'b', 'c']);
  });

  it('do not delay the plan if AWS is too busy to list them', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world, { configuration: denying });
    world.hook = (call, perform) =>
      call === 'policies.attach' ? Promise.reject(awsError('LimitExceededException')) : perform();
    await engine(alarm());
    world.hook = (call, perform) =>
      call === 'things.listPrincipals' ? Promise.reject(awsError('ThrottlingException')) : perform();
    await look(world, engine);
    expect([caseOf(world).status, denied(world)]).toEqual(['contained', ['a']]);
  });
});

describe('a held thing, once the sweep has repaired the quarantine,', () => {
  it('is returned to the group and cut at once, and earlier sessions are no longer trusted', async () => {
    const world = anArmedWorld();
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
    const world = anArmedWorld();
    for (let count = 1; count < 10; count += 1) world.registered.find('mything1').groups.add(`g${count}`);
    world.registered.find('mything1').principals.push(secondArn);
    world.registered.register('mything2', { principals: [secondArn] });
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    return world;
  };
  const { configuration: grouping } = playing(['quarantine', 'disconnect']);

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
    const world = anArmedWorld();
    world.registered.register('rogue', { principals: [secondArn] });
    const engine = anEngine(world, playing(['deny-certificate', 'disconnect']));
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
