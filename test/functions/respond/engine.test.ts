import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aConfiguration, certificateArn, now } from '../../builders';
import { aWorld, type World } from '../../world';
import {
  alarm,
  anEngine,
  caseOf,
  groupsOf,
  isIoT,
  isWrite,
  operator,
  readStory,
  resume,
  shownCaseOf,
} from './story';

const kinds = ({ told }: World) => told.map(({ kind }) => kind);
const ids = ({ told }: World) => told.map(({ id }) => id);

function failAlways(world: World, call: string, error: Error): void {
  world.hook = (name, perform) => (name === call ? Promise.reject(error) : perform());
}

function heal(world: World): void {
  world.hook = (_, perform) => perform();
}

describe('respond, through a whole story,', () => {
  it('contains, verifies, releases, and leaves the thing exactly as it was', async () => {
    const world = aWorld();
    const engine = anEngine(world);

    await engine(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(groupsOf(world)).toEqual(['sensors', 'cordon-quarantine']);
    expect([...world.live.sessions]).toEqual([]);

    await engine(operator('release'));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'closed',
      reason: expect.stringContaining('as it was'),
    });
    expect(shownCaseOf(world).ledger.map(({ status }) => status)).toEqual(['reverted', 'reverted']);
    expect(groupsOf(world)).toEqual(['sensors']);
    expect(kinds(world)).toEqual(['contained', 'released']);
    expect(readStory(world)).toEqual([
      'case opened',
      'in alarm',
      'containment planned',
      'disconnect applied',
      'quarantine applied',
      'disconnect verified',
      'quarantine verified',
      'contained',
      'release ordered',
      'quarantine undone',
      'disconnect undone',
      'case closed',
    ]);
  });

  it('announces the account and region of the thing to other systems', async () => {
    const world = aWorld();

    await anEngine(world)(alarm());

    expect(world.told[0]).toMatchObject({
      thingName: 'mything1',
      thing: { account: '000000000000', region: 'us-east-1', name: 'mything1' },
    });
  });

  it('sends the device retained notices of its containment and its release', async () => {
    const world = aWorld();
    const engine = anEngine(world);

    await engine(alarm());
    await engine(operator('release'));

    const { caseId } = caseOf(world);
    const topic = 'cordon/things/mything1/containment';
    expect(world.live.published).toEqual([
      { topic, body: { version: 1, status: 'contained', caseId, at: now }, retain: true },
      { topic, body: { version: 1, status: 'released', caseId, at: now }, retain: true },
    ]);
  });

  it('holds the thing and notifies people even if the device cannot be notified', async () => {
    const world = aWorld();
    failAlways(world, 'connections.publish', awsError('UnauthorizedException'));

    await anEngine(world)(alarm());

    expect(shownCaseOf(world)).toMatchObject({ status: 'contained', outbox: { announcements: [] } });
    expect(kinds(world)).toEqual(['contained']);
  });

  it('leaves a thing in the quarantine group if it was a member before', async () => {
    const world = aWorld();
    world.registered.find('mything1').groups.add('cordon-quarantine');
    const engine = anEngine(world);

    await engine(alarm());
    await engine(operator('release'));

    expect(shownCaseOf(world).status).toBe('closed');
    expect(groupsOf(world)).toEqual(['sensors', 'cordon-quarantine']);
  });

  it('keeps the closed case with the hash of its last timeline row, and sends the outbox once', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    await engine(alarm());
    await engine(operator('release'));

    const last = [...world.stored.timeline.values()].at(-1);
    expect([...world.stored.archived.values()]).toEqual([caseOf(world)]);
    expect(shownCaseOf(world)).toMatchObject({
      outbox: { announcements: [], timeline: [] },
      timelineHead: last?.hash,
    });

    await engine(resume);
    expect(world.told).toHaveLength(2);
  });

  it('chains the timeline rows by hash', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    await engine(alarm());
    await engine(operator('release'));

    const [first, second] = [...world.stored.timeline.values()];
    expect(first?.previousHash).toBe('');
    expect(second?.previousHash).toBe(first?.hash);
  });
});

describe('respond, in its costs,', () => {
  it('contains with at most 12 IoT calls and 8 writes', async () => {
    const world = aWorld();

    await anEngine(world)(alarm());

    expect(world.calls.filter(isIoT).length).toBeLessThanOrEqual(12);
    expect(world.calls.filter(isWrite).length).toBeLessThanOrEqual(8);
  });

  it.each([
    ['the same alert', {}, 0],
    ['a later alert of the same alarm', { occurredAt: now + 1 }, 1],
  ])('makes no IoT call and at most one write on %s', async (_, over, writes) => {
    const world = aWorld();
    const engine = anEngine(world);
    await engine(alarm());
    world.calls.length = 0;

    await engine(alarm(over));

    expect(world.calls.filter(isIoT)).toEqual([]);
    expect(world.calls.filter(isWrite)).toHaveLength(writes);
    expect(kinds(world)).toEqual(['contained']);
  });
});

describe('respond, when AWS fails to do what is asked,', () => {
  it('shows the denial for every certificate of the thing', async () => {
    const world = aWorld();
    const second = certificateArn.replaceAll('a'.repeat(64), 'b'.repeat(64));
    world.registered.find('mything1').principals.push(second);

    await anEngine(world)(alarm());

    expect(shownCaseOf(world).ledger.find(({ action }) => action === 'quarantine')).toMatchObject({
      status: 'verified',
      prior: { principals: [certificateArn, second] },
      detail:
        'publish is explicitly denied for certificate aaaaaaaa, certificate bbbbbbbb, by TestAuthorization',
    });
  });

  it('only records a violation of a thing that is not in the registry', async () => {
    const world = aWorld();
    world.registered.registry.clear();

    await anEngine(world)(alarm());

    expect(shownCaseOf(world)).toMatchObject({
      status: 'observed',
      ledger: [],
      reason: expect.stringContaining('registry'),
    });
  });

  it('waits while the lookup is throttled, and asks for approval at the third delivery', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    failAlways(world, 'things.listGroups', awsError('ThrottlingException'));

    for (const attempt of [1, 2])
      await expect(engine(alarm(), { id: 'm', attempt })).rejects.toThrow('refused by the fake');
    expect(world.stored.items.size).toBe(0);
    await engine(alarm(), { id: 'm', attempt: 3 });

    expect(shownCaseOf(world)).toMatchObject({ status: 'awaiting-approval', ledger: [] });
    expect(groupsOf(world)).toEqual(['sensors']);
    expect(kinds(world)).toEqual(['approval-needed']);
  });

  it('reports a refused action as failed, carries out the other, and retries when due', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    for (let i = 1; i < 10; i += 1) world.registered.find('mything1').groups.add(`g${i}`);

    await engine(alarm());

    expect(shownCaseOf(world)).toMatchObject({
      status: 'containment-failed',
      reason: 'InvalidRequestException: a thing can be in at most 10 groups',
    });
    expect([...world.live.sessions]).toEqual([]);
    expect(kinds(world)).toEqual(['containment-failed']);

    world.registered.find('mything1').groups.delete('g1');
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('contained');
    expect(shownCaseOf(world).reason).toBeUndefined();
    expect(kinds(world)).toEqual(['containment-failed', 'contained']);
  });

  it.each([
    ['is refused for good', 'LimitExceededException'],
    ['is throttled', 'ThrottlingException'],
  ])('cuts the session even if the denial by policy %s', async (_, name) => {
    const world = aWorld();
    world.hook = (call, perform) =>
      call === 'things.addToGroup' || call === 'policies.attach' ? Promise.reject(awsError(name)) : perform();

    await anEngine(world)(alarm()).catch(() => undefined);

    expect([...world.live.sessions]).toEqual([]);
    expect(world.calls.indexOf('connections.cut')).toBeLessThan(world.calls.indexOf('things.addToGroup'));
  });

  it('retries a throttled step at the next delivery, and repeats none of the others', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.hook = (call, perform) =>
      call === 'things.addToGroup' ? Promise.reject(awsError('ThrottlingException')) : perform();
    await expect(engine(alarm(), { id: 'same' })).rejects.toMatchObject({ name: 'ThrottlingException' });
    heal(world);

    await engine(alarm(), { id: 'same', attempt: 2 });

    expect(shownCaseOf(world).status).toBe('contained');
    expect(readStory(world).filter((what) => what === 'disconnect applied')).toHaveLength(1);
  });

  it('cuts a device again that comes back before it is denied', async () => {
    const world = aWorld();
    world.hook = async (call, perform) => {
      if (call === 'things.addToGroup') world.live.sessions.set('mything1', now);
      const answer = await perform();
      if (call === 'things.addToGroup') world.time.now += 5;
      return answer;
    };

    await anEngine(world)(alarm());

    expect([caseOf(world).status, [...world.live.sessions]]).toEqual(['contained', []]);
  });

  it('stays in status containing, announces so once, and reports contained once a later check shows the denial', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.hook = async (call, perform) => (call === 'things.testPublish' ? 'ALLOWED' : perform());

    await engine(alarm());
    expect(shownCaseOf(world)).toMatchObject({
      status: 'containing',
      reason: expect.stringContaining('is still allowed'),
    });
    await engine(alarm({ behaviorName: 'other', occurredAt: now + 1 }));
    expect(kinds(world)).toEqual(['containing', 'new-violation']);

    await engine(resume);
    expect(kinds(world)).toHaveLength(2);
    heal(world);
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('contained');
    expect(kinds(world)).toEqual(['containing', 'new-violation', 'contained']);
  });

  it('returns the thing to the group if somebody removed it, and ends the session it had in the meantime', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    await engine(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');
    world.live.sessions.set('mything1', now + 1_000);

    for (let look = 0; look < 2; look += 1) {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume);
    }

    expect(groupsOf(world)).toContain('cordon-quarantine');
    // The session that began in between has rights from before the new denial.
    expect([...world.live.sessions]).toEqual([]);
    expect(kinds(world)).toEqual(['contained', 'containing', 'contained']);
    // The time is measured at the first try only.
    expect(world.told.map(({ alertToAppliedMs }) => alertToAppliedMs)).toEqual([100, undefined, undefined]);
  });

  it('reports containment-failed once after 20 minutes without a verified denial, and keeps trying', async () => {
    const world = aWorld();
    const engine = anEngine(world);
    world.hook = async (call, perform) => (call === 'things.testPublish' ? 'ALLOWED' : perform());
    await engine(alarm());

    while (world.time.now < now + 25 * 60_000) {
      world.time.now = caseOf(world).dueAt ?? Number.NaN;
      await engine(resume);
    }
    expect(shownCaseOf(world).status).toBe('containment-failed');
    expect(kinds(world)).toEqual(['containing', 'containment-failed']);

    heal(world);
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);
    expect(kinds(world)).toEqual(['containing', 'containment-failed', 'contained']);
  });

  it('cuts a device that returns while policies may still be cached, and leaves it alone afterwards', async () => {
    const world = aWorld();
    const base = aConfiguration();
    const quarantine = { ...base.quarantine, untilPoliciesSpread: 'cut-reconnects' as const };
    const engine = anEngine(world, { policyCacheMs: 480_000, configuration: { ...base, quarantine } });
    await engine(alarm());
    const reconnect = async (connectedAt: number) => {
      world.time.now = connectedAt;
      world.live.sessions.set('mything1', connectedAt);
      await engine({
        type: 'reconnected',
        thingName: thingKey('mything1'),
        clientId: 'mything1',
        connectedAt,
      });
    };

    await reconnect(now + 5_000);
    expect([...world.live.sessions]).toEqual([]);
    expect(shownCaseOf(world).status).toBe('containing');

    // Times of sessions are approximate: one that seems to begin as the cache ends may have begun before.
    await reconnect(now + 480_000 + 119_999);
    expect([...world.live.sessions]).toEqual([]);

    await reconnect(now + 480_000 + 120_000);
    expect([...world.live.sessions]).toEqual([['mything1', now + 600_000]]);
    expect(kinds(world)).toEqual(['contained', 'containing']);
  });

  it('stops in release-conflict if somebody else removed the thing from the group, and shows what to decide', async () => {
    const world = aWorld();
    world.registered.find('mything1').groups.add('cordon-quarantine');
    const engine = anEngine(world);
    await engine(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');

    await engine(operator('release'));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason: 'quarantine: the thing was in group cordon-quarantine before, and somebody removed it',
    });
    await engine(operator('dismiss'));
    expect(shownCaseOf(world).status).toBe('closed');
    expect(new Set(ids(world)).size).toBe(3);
  });
});
