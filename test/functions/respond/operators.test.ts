import type { Command } from '../../../shared/domain/command';
import { aConfiguration, aPlaybook } from '../../builders';
import type { World } from '../../fakes';
import { anArmedWorld, playing } from './armed';
import { alarm, anEngine, caseOf, groupsOf, operator, readStory } from './story';

const ordered = (type: Parameters<typeof operator>[0], over: object = {}): Command =>
  ({ ...operator(type), requestId: 'request-1', ...over }) as Command;
const refusalOf = ({ stored }: World) => stored.refusals.get('request-1');

const sharing = playing(['deny-certificate', 'disconnect'], { mode: 'approve' });

describe("an operator's command that is refused", () => {
  it('is answered where the thing has no case', async () => {
    const world = anArmedWorld();
    await anEngine(world)(ordered('release'));

    expect(refusalOf(world)).toBe('the thing has no open case');
    expect([world.stored.items.size, world.told]).toEqual([0, []]);
  });

  it('is answered, noted and told where it has one', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world);
    await engine(alarm());
    await engine(ordered('contain'));

    expect(refusalOf(world)).toBe('the thing is already held (contained)');
    expect(readStory(world)).toContain('contain refused');
    expect(world.told.at(-1)).toMatchObject({
      kind: 'refused',
      status: 'contained',
      text: 'contain by ada was refused: the thing is already held (contained)',
    });
  });

  it('changes nothing else of a case that holds the thing', async () => {
    const world = anArmedWorld();
    const engine = anEngine(world);
    await engine(alarm());
    const { ledger, status } = caseOf(world);
    await engine(ordered('contain'));
    await engine(ordered('dismiss'));

    expect(caseOf(world)).toMatchObject({ ledger, status });
  });
});

describe('a containment by hand', () => {
  it.each(['contain', 'approve'] as const)('of an exempt thing needs force: %s', async (type) => {
    const world = anArmedWorld();
    const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
    const engine = anEngine(world, { configuration });
    if (type === 'approve') await engine(alarm());
    world.registered.find('mything1').groups.add('life-support');

    await engine(ordered(type));
    expect(refusalOf(world)).toBe('the thing is exempt: thing group life-support; force it if that is meant');
    expect(groupsOf(world)).not.toContain('cordon-quarantine');

    await engine(ordered(type, { force: true }));
    expect(caseOf(world).status).toBe('contained');
  });

  it('that would hit others needs force', async () => {
    const world = anArmedWorld();
    world.registered.register('mything2');
    const engine = anEngine(world, sharing);
    // Asked for by the playbook's mode when nobody else used the certificate.
    await engine(alarm());
    world.stored.items.set('mything1', {
      version: world.stored.items.get('mything1')?.version ?? 0,
      value: { ...caseOf(world), reason: 'playbook spawned-child asks before it acts' },
    });

    await engine(ordered('approve'));
    expect(refusalOf(world)).toBe(
      'certificate aaaaaaaa is used by mything2 as well; force it if they may be hit',
    );
    expect(caseOf(world).status).toBe('awaiting-approval');

    await engine(ordered('approve', { force: true }));
    expect(caseOf(world).status).toBe('contained');
  });

  it('goes on where it was this very question that was approved', async () => {
    const world = anArmedWorld();
    world.registered.register('mything2');
    const engine = anEngine(world, sharing);
    await engine(alarm());
    expect(caseOf(world).reason).toBe('certificate aaaaaaaa is used by mything2 as well');

    await engine(ordered('approve'));
    expect([refusalOf(world), caseOf(world).status]).toEqual([undefined, 'contained']);
  });
});
