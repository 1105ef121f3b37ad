import type { Case } from '../../../shared/domain/case';
import type { Configuration } from '../../../shared/domain/configuration';
import { now } from '../../builders';
import type { World } from '../../fakes';
import { anArmedWorld, playing } from './armed';
import { alarm, anEngine, caseOf, operator, resume } from './story';

const policyCacheMs = 480_000;
const certificateId = 'a'.repeat(64);
const { configuration } = playing(['quarantine', 'disconnect']);

const bridgeOf = ({ ledger }: Case) => ledger.find(({ bridge }) => bridge)?.status;
const readCertificate = ({ certificates }: World) => certificates.statuses.get(certificateId);

function aCachingWorld(over: Partial<Configuration['quarantine']> = {}) {
  const world = anArmedWorld();
  const quarantine = { ...configuration.quarantine, ...over };
  const engine = anEngine(world, { policyCacheMs, configuration: { ...configuration, quarantine } });
  return { world, engine };
}

describe('while IoT Core goes on with cached policies', () => {
  it('an inactive certificate keeps the device out, before its session is cut', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());

    expect(caseOf(world).ledger.map(({ action, status }) => [action, status])).toEqual([
      ['quarantine', 'verified'],
      ['deactivate-certificate', 'verified'],
      ['disconnect', 'verified'],
    ]);
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'INACTIVE']);
    expect(caseOf(world).dueAt).toBe(now + policyCacheMs);
    const order = world.calls.filter((call) => /addToGroup|setStatus|cut/.test(call));
    expect(order).toEqual(['things.addToGroup', 'certificates.setStatus', 'connections.cut']);
  });

  it('the certificate is given back once the denial has spread, and the thing stays contained', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.time.now = now + policyCacheMs;
    await engine(resume);

    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'ACTIVE']);
    expect(bridgeOf(caseOf(world))).toBe('reverted');
    expect(world.told.map(({ kind }) => kind)).toEqual(['contained']);

    await engine(operator('release'));
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['closed', 'ACTIVE']);
  });

  it('the certificate stays inactive as long as the denial by policy is not proven', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.registered.find('mything1').groups.delete('cordon-quarantine');
    world.time.now = now + policyCacheMs;
    await engine(resume);
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['contained', 'INACTIVE']);

    // Applied again at the next look, and it has to spread anew.
    world.time.now += 60_000;
    await engine(resume);
    expect([bridgeOf(caseOf(world)), readCertificate(world)]).toEqual(['verified', 'INACTIVE']);
    world.time.now += policyCacheMs;
    await engine(resume);
    expect([bridgeOf(caseOf(world)), readCertificate(world)]).toEqual(['reverted', 'ACTIVE']);
  });

  it('a certificate that somebody revoked meanwhile is left so, and release says it', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    world.certificates.statuses.set(certificateId, 'REVOKED');
    world.time.now = now + policyCacheMs;
    await engine(resume);
    expect([caseOf(world).status, bridgeOf(caseOf(world))]).toEqual(['contained', 'conflict']);

    await engine(operator('release'));
    expect(caseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason: 'deactivate-certificate: certificate aaaaaaaa was ACTIVE before and is REVOKED now',
    });
  });

  it('release gives the certificate back before its time', async () => {
    const { world, engine } = aCachingWorld();
    await engine(alarm());
    await engine(operator('release'));
    expect([caseOf(world).status, readCertificate(world)]).toEqual(['closed', 'ACTIVE']);
  });

  it.each([
    ['others use the certificate too', (world: World) => world.registered.register('mything2'), {}],
    [
      'the certificate was inactive before',
      (world: World) => world.certificates.statuses.set(certificateId, 'INACTIVE'),
      {},
    ],
    ['cordon.yml wants it cut', () => undefined, { untilPoliciesSpread: 'cut-reconnects' as const }],
  ])('the device is cut at each connect where %s', async (_why, prepare, quarantine) => {
    const { world, engine } = aCachingWorld(quarantine);
    prepare(world);
    const before = readCertificate(world);
    await engine(alarm());

    expect([caseOf(world).status, bridgeOf(caseOf(world))]).toEqual(['contained', undefined]);
    expect(readCertificate(world)).toBe(before);
  });
});
