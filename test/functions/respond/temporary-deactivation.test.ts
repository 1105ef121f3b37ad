import type { EnginePorts } from '../../../functions/respond/engine';
import type { ActionName } from '../../../shared/domain/actions/registry';
import type { Case } from '../../../shared/domain/case/case';
import { listStrength } from '../../../shared/domain/case/strength';
import type { Configuration } from '../../../shared/domain/configuration';
import { describeStrength } from '../../../shared/domain/messages/describe-news';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aPlaybook, aViolation, now } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, operator, resume, shownCaseOf } from './story';

const policyCacheMs = 480_000;
/** With the margin of sessions, whose times are approximate. */
const spreadMs = policyCacheMs + 120_000;
const certificateId = 'a'.repeat(64);
const { configuration } = withActions(['quarantine', 'disconnect']);

const strengthOf = (world: World) => listStrength(caseOf(world)).map(describeStrength);
const temporaryStatusOf = ({ ledger }: Case) => ledger.find(({ temporary }) => temporary)?.status;
const readCertificate = ({ certificates }: World) => certificates.statuses.get(certificateId);

function aCachingWorld(over: Partial<Configuration['quarantine']> = {}) {
  const world = aWorldWithPolicies();
  const quarantine = { ...configuration.quarantine, ...over };
  const engine = anEngine(world, { policyCacheMs, configuration: { ...configuration, quarantine } });
  return { world, engine };
}

describe('while IoT Core uses cached policies,', () => {
  it('an inactive certificate keeps the device out, and the device’s session is cut', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());

    expect(shownCaseOf(world).ledger.map(({ action, status }) => [action, status])).toEqual([
      ['deactivate-certificate', 'verified'],
      ['disconnect', 'verified'],
      ['quarantine', 'verified'],
    ]);
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'INACTIVE']);
    expect(shownCaseOf(world).dueAt).toBe(now + spreadMs);
    const order = world.calls.filter((call) => /addToGroup|setStatus|cut/.test(call));
    // At once, as a device goes on sending until the last of them.
    expect(order.toSorted()).toEqual(['certificates.setStatus', 'connections.cut', 'things.addToGroup']);
  });

  it.each([
    ['inactive certificates', 'deactivate-certificate'],
    ['cuts', 'cut-reconnects'],
  ] as const)(
    'a session that can not be named keeps the case from being contained, and people learn why, with %s',
    async (_, untilPoliciesSpread) => {
      const world = aWorldWithPolicies();
      const denying = withActions(['deny-certificate', 'disconnect']).configuration;
      const engine = anEngine(world, {
        policyCacheMs,
        configuration: { ...denying, quarantine: { ...denying.quarantine, untilPoliciesSpread } },
      });
      await world.heard.recordConnect('..', { certificateId, at: now - 1 });
      await engine(alarm());

      expect(caseOf(world).status).toBe('containing');
      expect(world.told.map(({ kind, text }) => [kind, text])).toEqual([
        ['containing', expect.stringContaining("the session of .. can't be ended")],
      ]);

      while (world.time.now < now + spreadMs) {
        world.time.now = caseOf(world).dueAt ?? Number.NaN;
        await engine(resume);
      }
      expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'ACTIVE']);
      expect(world.told.map(({ kind }) => kind)).toEqual(['containing', 'contained']);
    },
  );

  it('a session that can not be named fails a containment that denies nothing, since nothing ends it', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { policyCacheMs, ...withActions(['disconnect']) });
    await engine(alarm());
    const connect = { connectedAt: now + 1, clientId: '$x', version: 1 };
    await engine({ type: 'reconnected', thingName: thingKey('mything1'), ...connect });
    const soon = caseOf(world).status;
    while (world.time.now < now + 25 * 60_000) {
      world.time.now = caseOf(world).dueAt ?? Number.NaN;
      await engine(resume);
    }

    expect([soon, caseOf(world).status]).toEqual(['containing', 'containment-failed']);
    expect(shownCaseOf(world).reason).toContain("the session of $x can't be ended");
  });

  it('the certificate is reactivated once the denial has spread, and the thing stays contained', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.time.now = now + spreadMs;
    await engine(resume);

    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'ACTIVE']);
    expect(temporaryStatusOf(caseOf(world))).toBe('reverted');
    expect(world.told.map(({ kind }) => kind)).toEqual(['contained']);

    await engine(operator('release'));
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['closed', 'ACTIVE']);
  });

  it('measurements up to the release are the containment’s own, not only those up to the reactivation', async () => {
    const { world } = aCachingWorld();
    const ends: unknown[] = [];
    const detection: EnginePorts['detection'] = {
      reset: async (_thing, _now, heldUntil, known) => void ends.push(heldUntil, known),
    };
    const engine = anEngine(
      { ...world, ports: { ...world.ports, detection } },
      { policyCacheMs, configuration },
    );
    await engine(alarm());
    world.time.now = now + spreadMs;
    await engine(resume);
    expect(temporaryStatusOf(caseOf(world))).toBe('reverted');
    world.time.now += 86_400_000;
    const { now: releasedAt } = world.time;
    await engine(operator('release'));

    // Alarms that the case does not know may be under way to another one.
    const { violationId, occurredAt } = aViolation();
    expect(ends).toEqual([releasedAt, [{ violationId, at: occurredAt }]]);
  });

  it('a device that returns with its reactivated certificate does not count as evading', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.time.now = caseOf(world).dueAt ?? Number.NaN;
    await engine(resume);
    expect(readCertificate(world)).toBe('ACTIVE');

    world.live.sessions.set('mything1', world.time.now);
    const { now: connectedAt } = world.time;
    await engine({ type: 'reconnected', thingName: thingKey('mything1'), clientId: 'mything1', connectedAt });
    expect([caseOf(world).status, world.live.sessions.size]).toEqual(['contained', 1]);
    expect(world.told.map(({ kind }) => kind)).toEqual(['contained']);
  });

  it('stricter actions include the certificates that the temporary deactivation leaves active, and the release restores all', async () => {
    const guards = { ...configuration.guards, maxThingsSharingPolicy: 2 };
    const actions: ActionName[] = ['quarantine', 'deactivate-certificate', 'disconnect'];
    const playbooks = [
      aPlaybook({ name: 'harder', when: { behavior: 'worse' }, actions }),
      ...configuration.playbooks,
    ];
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { policyCacheMs, configuration: { ...configuration, guards, playbooks } });
    world.registered.find('mything1').principals.push(secondArn);
    world.registered.register('mything2', { principals: [secondArn] });
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    await engine(alarm());
    await engine(alarm({ behaviorName: 'worse', violationId: 'v2', occurredAt: now + 1 }));

    expect([...world.certificates.statuses.values()]).toEqual(['INACTIVE', 'INACTIVE']);
    expect(strengthOf(world)).toEqual(["its own certificates can't connect until the release"]);
    await engine(operator('release'));
    expect([...world.certificates.statuses.values()]).toEqual(['ACTIVE', 'ACTIVE']);
  });

  it('the announcement omits certificates that the kill switch kept active', async () => {
    const { world, engine } = aCachingWorld();
    world.hook = (call, perform) => {
      if (call === 'cases.save') world.killSwitch = { state: 'on' };
      return perform();
    };
    await engine(alarm());

    expect(readCertificate(world)).toBe('ACTIVE');
    expect(strengthOf(world)).toEqual([]);
  });

  it('the announcement names what is unproven if the certificate alone keeps the device out', async () => {
    const { world, engine } = aCachingWorld();
    world.hook = (call, perform) => (call === 'things.testPublish' ? Promise.resolve('ALLOWED') : perform());
    await engine(alarm());

    expect(world.told.at(-1)?.text).toContain(
      'quarantine is applied, but not proven yet: a publish by client mything1',
    );
  });

  it('people are notified if after 20 minutes only the certificate keeps the device out', async () => {
    const { world, engine } = aCachingWorld();
    world.hook = (call, perform) => (call === 'things.testPublish' ? Promise.resolve('ALLOWED') : perform());
    await engine(alarm());
    while (caseOf(world).status !== 'containment-failed' && world.time.now < now + 3_600_000) {
      world.time.now = caseOf(world).dueAt ?? Number.NaN;
      await engine(resume);
    }

    expect(world.told.map(({ kind }) => kind)).toEqual(['contained', 'containing', 'containment-failed']);
    expect(world.told.at(-1)?.text).toContain('a publish by client mything1');
    expect(readCertificate(world)).toBe('INACTIVE');
  });

  it('an inactive certificate without an answer from AWS leaves the thing contained', async () => {
    const { world, engine } = aCachingWorld();
    world.registered.find('mything1').principals.push(secondArn);
    world.certificates.statuses.set('b'.repeat(64), 'REVOKED');
    const { things } = world.ports;
    const unanswered = (arn: string) =>
      arn === secondArn && Promise.reject(awsError('InvalidRequestException'));
    Object.assign(things, {
      testPublish: (
        (test) =>
        (arn: string, ...more: [string, string]) =>
          unanswered(arn) || test(arn, ...more)
      )(things.testPublish),
      listEffectivePolicies: async (arn: string) => (await unanswered(arn)) || [],
    });
    await engine(alarm());
    world.time.now = caseOf(world).dueAt ?? Number.NaN;
    await engine(resume);

    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'ACTIVE']);
  });

  it('a session that begins despite the denial is announced once, and cut at each connect', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    for (let version = 1; version < 6; version += 1) {
      world.time.now += 1_000;
      world.live.sessions.set('mything1', world.time.now);
      const connectedAt = world.time.now;
      await engine({
        type: 'reconnected',
        thingName: thingKey('mything1'),
        clientId: 'mything1',
        connectedAt,
        version,
      });
      expect(world.live.sessions.size).toBe(0);
    }

    expect(world.told.map(({ kind }) => kind)).toEqual(['contained', 'containing']);
    expect(strengthOf(world)).toContain(
      "a certificate stays active, so each connect that AWS reports is cut until the policies have spread: a session of mything1 began though the thing's own certificates are inactive",
    );
  });

  it('the certificate stays inactive as long as the denial by policy is unproven', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');
    world.time.now = now + spreadMs;
    await engine(resume);
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'INACTIVE']);

    // Applied again at the next look, and it has to spread anew.
    world.time.now += 60_000;
    await engine(resume);
    expect([temporaryStatusOf(caseOf(world)), readCertificate(world)]).toEqual(['verified', 'INACTIVE']);
    world.time.now += spreadMs;
    await engine(resume);
    expect([temporaryStatusOf(caseOf(world)), readCertificate(world)]).toEqual(['reverted', 'ACTIVE']);
  });

  it('a certificate that somebody revoked in the meantime stays revoked, and the release says so', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.certificates.statuses.set(certificateId, 'REVOKED');
    world.time.now = now + spreadMs;
    await engine(resume);
    expect([caseOf(world).status, temporaryStatusOf(caseOf(world))]).toEqual(['contained', 'conflict']);

    await engine(operator('release'));
    expect(shownCaseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason: 'deactivate-certificate: certificate aaaaaaaa was ACTIVE before and is REVOKED now',
    });
  });

  it('a certificate that somebody set INACTIVE again stays inactive, which the end of the deactivation and the release announce', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.certificates.modified.set(certificateId, now + 60_000);
    world.time.now = now + spreadMs;
    await engine(resume);

    const left = 'certificate aaaaaaaa was set INACTIVE by somebody else, and stays so';
    expect([caseOf(world).status, temporaryStatusOf(caseOf(world)), readCertificate(world)]).toEqual([
      'contained',
      'reverted',
      'INACTIVE',
    ]);
    expect(world.told.at(-1)).toMatchObject({
      kind: 'contained',
      text: `the temporary deactivation is over; ${left}`,
    });

    await engine(operator('release'));
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['closed', 'INACTIVE']);
    expect(world.told.at(-1)?.text).toBe(`everything is as it was before, except for this: ${left}`);
  });

  it('a release after the temporary deactivation says what somebody else changed on the certificate', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.time.now = now + spreadMs;
    await engine(resume);
    world.certificates.statuses.set(certificateId, 'INACTIVE');

    await engine(operator('release'));

    expect(readCertificate(world)).toBe('INACTIVE');
    expect(world.told.at(-1)?.text).toBe(
      'everything is as it was before, except for this: certificate aaaaaaaa was set INACTIVE by somebody else, and stays so',
    );
  });

  it('a release reactivates the certificate early', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    await engine(operator('release'));
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['closed', 'ACTIVE']);
  });

  it.each(['INACTIVE', 'REVOKED', 'PENDING_ACTIVATION', 'PENDING_TRANSFER', 'REGISTER_INACTIVE'])(
    'a second certificate that is already %s does not keep the first one from being deactivated',
    async (status) => {
      const { world, engine } = aCachingWorld();
      world.registered.find('mything1').principals.push(secondArn);
      world.certificates.statuses.set('b'.repeat(64), status);
      await engine(alarm());

      expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'INACTIVE']);
      expect(strengthOf(world)).toEqual([
        "its own certificates can't connect until the policies have spread",
        `certificate bbbbbbbb was ${status} already`,
      ]);

      await engine(operator('release'));
      expect([readCertificate(world), world.certificates.statuses.get('b'.repeat(64))]).toEqual([
        'ACTIVE',
        status,
      ]);
    },
  );

  it('a second certificate that other things use stays active, and is announced', async () => {
    const { world, engine } = aCachingWorld();
    world.registered.find('mything1').principals.push(secondArn);
    world.registered.register('mything2', { principals: [secondArn] });
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');
    await engine(alarm());

    expect([readCertificate(world), world.certificates.statuses.get('b'.repeat(64))]).toEqual([
      'INACTIVE',
      'ACTIVE',
    ]);
    expect(world.told.at(-1)?.text).toBe(
      "the denial is verified; its own certificates can't connect until the policies have spread; " +
        'a certificate stays active, so each connect that AWS reports is cut until the policies have spread: certificate bbbbbbbb is used by mything2 as well',
    );
  });

  it('a certificate that AWS refuses to deactivate is announced, and makes nothing else fail', async () => {
    const { world, engine } = aCachingWorld();
    world.hook = (call, perform) =>
      call === 'certificates.setStatus'
        ? Promise.reject(awsError('CertificateStateException', 'no'))
        : perform();
    await engine(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told.at(-1)?.text).toBe(
      'the denial is verified; a certificate could not be made inactive, so each connect that AWS reports is cut: CertificateStateException: no',
    );
    expect(world.live.sessions.size).toBe(0);
  });

  it('the certificate is reactivated after a time limit if AWS does not say whether the policy denies', async () => {
    const { world, engine } = aCachingWorld();
    world.hook = (call, perform) =>
      /testPublish|listEffectivePolicies/.test(call)
        ? Promise.reject(awsError('UnauthorizedException', 'no'))
        : perform();
    await engine(alarm());
    expect(readCertificate(world)).toBe('INACTIVE');

    while (readCertificate(world) === 'INACTIVE' && world.time.now < now + 24 * 3_600_000) {
      world.time.now = caseOf(world).dueAt ?? Number.NaN;
      await engine(resume);
    }
    expect(world.time.now).toBeLessThan(now + spreadMs + 120_000);
    expect(shownCaseOf(world).status).toBe('containing');
    expect(strengthOf(world)).toEqual([
      expect.stringMatching(/^quarantine is applied, but AWS gives no proof of it: /),
    ]);
  });

  it.each([
    ['others use the certificate too', (world: World) => world.registered.register('mything2'), {}],
    [
      'the certificate was inactive before',
      (world: World) => world.certificates.statuses.set(certificateId, 'INACTIVE'),
      {},
    ],
    ['cordon.yml wants it cut', () => undefined, { untilPoliciesSpread: 'cut-reconnects' as const }],
  ])('the device is cut at each connect if %s', async (_why, prepare, quarantine) => {
    const { world, engine } = aCachingWorld(quarantine);
    prepare(world);
    const before = readCertificate(world);
    await engine(alarm());

    expect([caseOf(world).status, temporaryStatusOf(caseOf(world))]).toEqual(['contained', undefined]);
    expect(readCertificate(world)).toBe(before);
  });
});
