import { certificateArn } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { textsOf } from './held-story';
import { alarm, anEngine, caseOf, operator, resume, shownCaseOf } from './story';

describe('a certificate that somebody detaches from a held thing', () => {
  const quarantined = async () => {
    const world = aWorldWithPolicies();
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
    const world = aWorldWithPolicies();
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

describe('a certificate that somebody takes from a held thing', () => {
  it.each(['quarantine', 'deny-certificate'] as const)(
    'is restored, and named on release, with %s',
    async (action) => {
      const world = aWorldWithPolicies();
      const engine = anEngine(world, withActions([action, 'disconnect']));
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
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['deny-certificate', 'disconnect']));
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
