import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aConfiguration, aPlaybook, certificateArn, now } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { second, textsOf } from './held-story';
import { alarm, anEngine, caseOf, operator, readStory, resume, shownCaseOf } from './story';

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
    const world = aWorldWithPolicies();
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

  it('starts no session that stays, if the device connects with it in the moment of the cut', async () => {
    const world = aWorldWithPolicies();
    const { configuration } = withActions(['deactivate-certificate', 'disconnect']);
    const engine = anEngine(world, { configuration, policyCacheMs: 480_000 });
    await engine(alarm());
    expect(shownCaseOf(world).status).toBe('contained');
    attach(world);
    world.time.now += 3_600_000;
    let isBack = false;
    world.hook = async (call, perform) => {
      const result = await perform();
      if (call === 'connections.cut' && !isBack) world.live.sessions.set('mything1', world.time.now);
      isBack ||= call === 'connections.cut';
      return result;
    };
    await engine(resume);

    expect(readCertificates(world).statuses).toEqual(['INACTIVE', 'INACTIVE']);
    expect([...world.live.sessions]).toEqual([]);
  });

  it('replaces a deleted one, as in a rotation: nothing fails, and the title says what happened', async () => {
    const world = aWorldWithPolicies();
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
    const world = aWorldWithPolicies();
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
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration: all });
    await engine(alarm());
    attach(world);
    await engine(operator('release'));

    expect(shownCaseOf(world).reason).toContain('certificate bbbbbbbb was attached to the thing meanwhile');
  });

  it('does not hide what happened to the others before it came', async () => {
    const world = aWorldWithPolicies();
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
    const world = aWorldWithPolicies();
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

describe('a thing with a principal that is no certificate', () => {
  const cognito = 'us-east-1:1a2b3c4d-0000-4000-8000-000000000000';

  it('is contained, and a message says that this principal is not held', async () => {
    const world = aWorldWithPolicies();
    world.registered.find('mything1').principals.push(cognito);
    await anEngine(world)(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.at(-1)?.text).toContain(
      `attached to the thing but no certificate, so not held: ${cognito}; stop it where it gets its credentials`,
    );
  });

  it('says so too if somebody attaches it to a held thing, once', async () => {
    const world = aWorldWithPolicies();
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
  const { configuration: denying } = withActions(['quarantine', 'deny-certificate', 'disconnect']);
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
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { policyCacheMs, configuration: denying });
    await engine(alarm());
    attach(world, secondArn);
    world.time.now += 60_000;
    await engine({ type: 'resume', thingName: thingKey('mything1'), early: true });
    expect(statuses(world)).toEqual({ a: 'INACTIVE', b: 'INACTIVE' });
    // The wait is over for the first certificate; the second one was denied a minute later.
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
    const world = aWorldWithPolicies();
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
    const world = aWorldWithPolicies();
    const { configuration: both } = withActions(['quarantine', 'deny-certificate', 'disconnect']);
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
    const world = aWorldWithPolicies();
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
