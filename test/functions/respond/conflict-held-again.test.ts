import type { Command } from '../../../shared/domain/decide/command';
import { aConfiguration, aPlaybook, certificateArn } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, secondArn } from './all-actions-world';
import { alarm, anEngine, caseOf, groupsOf, operator, resume, shownCaseOf } from './story';

const configuration = aConfiguration({
  playbooks: [
    aPlaybook({ actions: ['quarantine', 'deny-certificate', 'deactivate-certificate', 'disconnect'] }),
  ],
});

const deniedOf = ({ policies }: World) => [...(policies.stored.get('cordon-quarantine')?.targets ?? [])];

describe('a thing whose release stopped in conflict, contained again', () => {
  it('is held with the certificate that it got meanwhile', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration });
    await engine(alarm());
    world.certificates.statuses.set('a'.repeat(64), 'REVOKED');
    await engine(operator('release'));
    expect(shownCaseOf(world).status).toBe('release-conflict');
    world.registered.find('mything1').principals.push(secondArn);
    world.certificates.statuses.set('b'.repeat(64), 'ACTIVE');

    await engine(operator('contain'));
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('contained');
    expect(deniedOf(world)).toEqual([certificateArn, secondArn]);
    expect(world.certificates.statuses.get('b'.repeat(64))).toBe('INACTIVE');
  });

  it('is contained by the present actions, whatever the conflict is about', async () => {
    const world = aWorldWithPolicies();
    await anEngine(world, { configuration })(alarm());
    world.certificates.statuses.set('a'.repeat(64), 'REVOKED');
    const engine = anEngine(world, {
      configuration: aConfiguration({ playbooks: [aPlaybook({ actions: ['quarantine', 'disconnect'] })] }),
    });
    await engine(operator('release'), { id: 'release' });
    expect(shownCaseOf(world).status).toBe('release-conflict');

    await engine(operator('contain'), { id: 'contain' });

    expect(groupsOf(world)).toContain('cordon-quarantine');
    expect(shownCaseOf(world).status).toBe('contained');

    // What the release stopped at holds nothing until it is asked for again.
    world.certificates.statuses.set('a'.repeat(64), 'ACTIVE');
    const harden = { ...operator('contain'), type: 'harden', actions: ['deactivate-certificate'] } as Command;
    await engine(harden, { id: 'harden' });
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('INACTIVE');
    await engine(operator('release'), { id: 'second' });
    expect(world.certificates.statuses.get('a'.repeat(64))).toBe('ACTIVE');
  });

  it('gets a new job: the earlier one is canceled, and the device never runs it again', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, {
      configuration: aConfiguration({
        playbooks: [aPlaybook({ actions: ['deactivate-certificate', 'job'] })],
      }),
    });
    await engine(alarm());
    world.certificates.statuses.set('a'.repeat(64), 'REVOKED');
    await engine(operator('release'), { id: 'release' });
    expect(shownCaseOf(world).status).toBe('release-conflict');
    expect([...world.jobs.statuses.values()]).toEqual(['CANCELED']);
    const [first = ''] = world.jobs.statuses.keys();

    await engine(operator('contain'), { id: 'contain' });

    expect([...world.jobs.statuses.values()]).toEqual(['CANCELED', 'QUEUED']);
    expect([...world.jobs.statuses.keys()][1]).toMatch(new RegExp(`^${first}-[a-z0-9]{8}$`));
  });
});
