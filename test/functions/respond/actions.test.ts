import type { Case } from '../../../shared/domain/case/case';
import { aConfiguration, certificateArn, now } from '../../builders';
import { denyDocument, readPolicy } from '../../shared/mitigation/setting';
import type { World } from '../../world';
import { allActions, aWorldWithPolicies, secondArn, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, groupsOf, operator, resume, shownCaseOf } from './story';

const ids = [certificateArn, secondArn].map((arn) => arn.slice(arn.indexOf('/') + 1));

const statusesOf = ({ ledger }: Case) =>
  Object.fromEntries(ledger.map(({ action, status }) => [action, status]));
const every = (status: string) => Object.fromEntries(allActions.map((action) => [action, status]));

/** All that the actions may change. */
function readState({ registered, policies, certificates, jobs }: World) {
  return {
    groups: [...registered.find('mything1').groups],
    deny: readPolicy(policies, 'cordon-quarantine'),
    device: readPolicy(policies, 'device'),
    certificates: Object.fromEntries(certificates.statuses),
    jobs: Object.fromEntries(jobs.statuses),
  };
}

describe('respond, with all actions,', () => {
  it('contains, verifies, and gives the thing back exactly as it was', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(allActions));
    const before = readState(world);

    await engine(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(statusesOf(caseOf(world))).toEqual(every('verified'));
    const jobId = `cordon-${caseOf(world).caseId}`;
    expect(readState(world)).toEqual({
      groups: ['sensors', 'cordon-quarantine'],
      deny: { ...before.deny, targets: [certificateArn] },
      device: { ...before.device, versions: { 1: 'one', 2: denyDocument }, defaultVersionId: '2' },
      certificates: { [ids[0] ?? '']: 'INACTIVE' },
      jobs: { [jobId]: 'QUEUED' },
    });

    await engine(operator('release'));

    expect(shownCaseOf(world)).toMatchObject({ status: 'closed' });
    expect(statusesOf(caseOf(world))).toEqual(every('reverted'));
    expect(readState(world)).toEqual({ ...before, jobs: { [jobId]: 'CANCELED' } });
  });

  it('requests no job and no task again once AWS no longer keeps them, since they hold nothing', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect', 'job']));
    await engine(alarm());
    world.jobs.statuses.clear();

    world.time.now += 86_400_000;
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.jobs.statuses.size).toBe(0);
    expect(world.told.map(({ kind }) => kind)).toEqual(['contained']);
  });

  it('names the thing groups that somebody else changed while the thing was held', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'disconnect']));
    await engine(alarm());
    const { groups } = world.registered.find('mything1');
    groups.delete('sensors');
    groups.add('retired');

    await engine(operator('release'));

    expect(shownCaseOf(world).reason).toBe(
      'released: everything is as it was before, except for this: the thing joined group retired meanwhile; the thing left group sensors meanwhile',
    );
  });

  it.each([
    ['QUEUED', ''],
    ['REJECTED', ''],
    ['IN_PROGRESS', ', except for this: what the device did for job JOB stays'],
    ['SUCCEEDED', ', except for this: what the device did for job JOB stays'],
  ])('says what a job with status %s leaves behind when the thing is released', async (status, left) => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['quarantine', 'job']));
    await engine(alarm());
    const jobId = `cordon-${caseOf(world).caseId}`;
    world.jobs.statuses.set(jobId, status);

    await engine(operator('release'));

    expect(shownCaseOf(world).reason).toBe(
      `released: everything is as it was before${left.replace('JOB', jobId)}`,
    );
  });

  it('restores from its text the version that it had to drop from a full policy', async () => {
    const world = aWorldWithPolicies({ full: true });
    const engine = anEngine(world, withActions(['replace-policy-version', 'disconnect']));
    const { device } = readState(world);

    await engine(alarm());
    await engine(operator('release'));

    const { 1: first, ...left } = device.versions;
    expect(readState(world).device).toEqual({ ...device, versions: { ...left, 7: first } });
    expect(shownCaseOf(world).ledger.find(({ action }) => action === 'replace-policy-version')?.detail).toBe(
      'policy device has its default version 5 again; its version 1 came back as version 7',
    );
    expect(shownCaseOf(world).reason).toBe(
      'released: everything is as it was before, except for this: version 1 of policy device is version 7 now',
    );
  });

  it('denies the certificates if a thing can join no further group, and quotes the reason of AWS', async () => {
    const world = aWorldWithPolicies();
    for (let i = 1; i < 10; i += 1) world.registered.find('mything1').groups.add(`g${i}`);
    const engine = anEngine(world, withActions(allActions));

    await engine(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
    expect(world.told[0]?.text).toContain(
      'not in the quarantine group (InvalidRequestException: a thing can be in at most 10 groups): its certificates are denied instead',
    );
    expect(statusesOf(caseOf(world))).toEqual({ ...every('verified'), quarantine: 'failed' });
    expect(readState(world)).toMatchObject({
      deny: { targets: [certificateArn] },
      device: { defaultVersionId: '2' },
      certificates: { [ids[0] ?? '']: 'INACTIVE' },
    });

    await engine(operator('release'));
    expect(shownCaseOf(world).status).toBe('closed');
    expect(groupsOf(world)).toHaveLength(10);
  });

  it('denies each certificate of the thing, and frees each', async () => {
    const world = aWorldWithPolicies();
    world.registered.find('mything1').principals.push(secondArn);
    world.policies.stored.get('device')?.targets.add(secondArn);
    world.certificates.statuses.set(ids[1] ?? '', 'INACTIVE');
    const engine = anEngine(world, withActions(allActions));
    const before = readState(world);

    await engine(alarm());
    expect(shownCaseOf(world).status).toBe('contained');
    expect(readState(world)).toMatchObject({
      deny: { targets: [certificateArn, secondArn] },
      certificates: { [ids[0] ?? '']: 'INACTIVE', [ids[1] ?? '']: 'INACTIVE' },
    });
    await engine(operator('release'));

    expect(readState(world)).toMatchObject({ ...before, jobs: expect.anything() });
  });

  it('does not report a thing as contained while it has no certificate that can be denied', async () => {
    const world = aWorldWithPolicies();
    world.registered.find('mything1').principals.pop();

    await anEngine(world, withActions(allActions))(alarm());

    expect(shownCaseOf(world)).toMatchObject({
      status: 'containing',
      reason: expect.stringContaining('certificate'),
    });
    expect(statusesOf(caseOf(world))).toMatchObject({ disconnect: 'verified', quarantine: 'applied' });
  });

  it('reports a thing with another client id as contained only if the certificate itself is denied', async () => {
    const reporter = { clientId: 'backdoor', principal: ids[0] ?? '' };
    const [narrow, wide] = [aWorldWithPolicies(), aWorldWithPolicies()];

    await anEngine(narrow)(alarm({ reporter }));
    await anEngine(wide, withActions(['quarantine', 'deny-certificate', 'disconnect']))(alarm({ reporter }));

    expect(shownCaseOf(narrow)).toMatchObject({
      status: 'containing',
      reason: expect.stringContaining(
        'a publish by client backdoor with certificate aaaaaaaa is still allowed',
      ),
    });
    expect(shownCaseOf(wide).status).toBe('contained');
  });
});

describe('respond, if other things share an object,', () => {
  const shareCertificate = ({ registered }: World) => void registered.register('mything2');
  const sharePolicy = ({ registered, policies }: World) => {
    registered.register('mything2', { principals: [secondArn] });
    policies.stored.get('device')?.targets.add(secondArn);
  };
  const shareWithUnknown = ({ policies }: World) =>
    void policies.stored.get('device')?.targets.add(secondArn);
  const shareWithGroup = ({ policies }: World) =>
    void policies.stored.get('device')?.targets.add('arn:aws:iot:us-east-1:000000000000:thinggroup/pumps');

  it.each([
    ['deny-certificate', shareCertificate, 'certificate aaaaaaaa is used by mything2 as well'],
    ['deactivate-certificate', shareCertificate, 'certificate aaaaaaaa is used by mything2 as well'],
    ['replace-policy-version', sharePolicy, 'policy device is held by mything2 as well'],
    ['replace-policy-version', shareWithUnknown, 'policy device is held by certificate bbbbbbbb as well'],
    ['replace-policy-version', shareWithGroup, 'policy device is held by group pumps as well'],
  ] as const)(
    'asks before %s, changes nothing, and acts once a person approves',
    async (action, share, reason) => {
      const world = aWorldWithPolicies();
      share(world);
      const engine = anEngine(world, withActions([action, 'disconnect']));
      const before = readState(world);

      await engine(alarm());
      expect(shownCaseOf(world)).toMatchObject({ status: 'awaiting-approval', reason, ledger: [] });
      expect(world.told.map(({ kind, text }) => [kind, text])).toEqual([
        ['approval-needed', expect.stringContaining(`${reason}; the request expires at `)],
      ]);
      expect(readState(world)).toEqual(before);

      await engine(operator('approve'));
      expect(shownCaseOf(world).status).toBe('contained');
      await engine(operator('release'));
      expect(readState(world)).toEqual(before);
    },
  );

  it.each([
    ['deny-certificate', shareCertificate, 'contained'],
    ['replace-policy-version', sharePolicy, 'contained'],
    ['replace-policy-version', shareWithUnknown, 'contained'],
    // Nobody knows how many things a group has.
    ['replace-policy-version', shareWithGroup, 'awaiting-approval'],
  ] as const)(
    'reaches the right status with two sharing things permitted and %s',
    async (action, share, status) => {
      const world = aWorldWithPolicies();
      share(world);
      const { configuration } = withActions([action, 'disconnect']);
      const guards = { ...aConfiguration().guards, maxThingsSharingPolicy: 2 };

      await anEngine(world, { configuration: { ...configuration, guards } })(alarm());

      expect(shownCaseOf(world).status).toBe(status);
    },
  );

  it('does not ask before quarantine, which touches neither certificate nor policy', async () => {
    const world = aWorldWithPolicies();
    shareCertificate(world);

    await anEngine(world)(alarm());

    expect(shownCaseOf(world).status).toBe('contained');
  });
});

describe('respond, if somebody changed what it holds,', () => {
  it('names both sides of each conflict, restores the rest, and finishes once the conflict is resolved', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(allActions));
    const before = readState(world);
    await engine(alarm());
    await world.policies.policies.createVersion('device', 'theirs', true);
    world.certificates.statuses.set(ids[0] ?? '', 'REVOKED');

    await engine(operator('release'));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason:
        'deactivate-certificate: certificate aaaaaaaa was ACTIVE before and is REVOKED now; ' +
        "replace-policy-version: the default version of policy device is 3, which is neither Cordon's nor 1 from before",
    });
    expect(statusesOf(caseOf(world))).toEqual({
      ...every('reverted'),
      'replace-policy-version': 'conflict',
      'deactivate-certificate': 'conflict',
    });
    expect(readState(world)).toMatchObject({
      groups: before.groups,
      deny: before.deny,
      device: { defaultVersionId: '3' },
    });

    await world.policies.policies.setDefaultVersion('device', '1');
    await engine(operator('release'));
    expect(statusesOf(caseOf(world))).toMatchObject({ 'replace-policy-version': 'reverted' });
    expect(shownCaseOf(world).status).toBe('release-conflict');

    await engine(operator('dismiss'));
    expect(shownCaseOf(world).status).toBe('closed');
    expect(readState(world).device).toMatchObject({
      versions: { 1: 'one', 3: 'theirs' },
      defaultVersionId: '1',
    });
  });

  it('denies again what somebody allowed in the meantime, and does not ignore their version on release', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(['replace-policy-version', 'disconnect']));
    await engine(alarm());
    await world.policies.policies.createVersion('device', 'theirs', true);

    for (let look = 0; look < 2; look += 1) {
      world.time.now = caseOf(world).dueAt ?? 0;
      await engine(resume);
    }
    expect(readState(world).device.defaultVersionId).toBe('2');
    await engine(operator('release'));

    expect(shownCaseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason: expect.stringContaining('version 3 of policy device was made while it was held'),
    });
  });
});

describe('respond, with the kill switch switched on during a containment,', () => {
  it('applies no further planned action, and continues once the switch is off', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, withActions(allActions));
    const before = readState(world);
    let crashed = false;
    world.hook = (call, perform) => {
      crashed ||= /setStatus|cut|addToGroup/.test(call);
      return crashed ? Promise.reject(new Error('crashed')) : perform();
    };
    await expect(engine(alarm(), { id: 'alarm' })).rejects.toThrow('crashed');
    world.hook = (_call, perform) => perform();

    world.killSwitch = { state: 'on' };
    await engine(alarm(), { id: 'alarm' });
    expect(readState(world)).toEqual(before);
    expect(statusesOf(caseOf(world))).toEqual(every('planned'));

    world.time.now = caseOf(world).dueAt ?? 0;
    world.killSwitch = { state: 'off' };
    await engine(resume, { id: 'later' });
    expect(shownCaseOf(world).status).toBe('contained');
  });
});

describe('respond, with a task of Device Defender,', () => {
  const actions = withActions(['quarantine', 'detect-mitigation-task', 'disconnect']);

  it('starts the task for the violations that Device Defender found, and for no other', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, {
      ...actions,
      configuration: { ...actions.configuration, detector: 'both' },
    });

    await engine(alarm({ detector: 'device-defender', violationId: 'theirs' }));

    expect(shownCaseOf(world).status).toBe('contained');
    expect([...world.defender.tasks]).toEqual([[`cordon-${caseOf(world).caseId}`, ['theirs']]]);
  });

  it('starts it without ids that no violation of Device Defender has: AWS would refuse them all', async () => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, {
      ...actions,
      configuration: { ...actions.configuration, detector: 'both' },
    });
    await engine(alarm({ detector: 'device-defender', violationId: 'not one/of theirs' }));
    expect(world.defender.tasks.size).toBe(0);

    await engine(operator('release'));
    await engine(
      alarm({ detector: 'device-defender', behaviorName: 'b', violationId: 'made up', occurredAt: now + 1 }),
    );
    await engine(operator('release'));
    await engine(
      alarm({ detector: 'device-defender', behaviorName: 'c', violationId: 'theirs', occurredAt: now + 2 }),
    );

    expect([...world.defender.tasks.values()]).toEqual([['theirs']]);
  });

  it('starts no task for Cordon’s own findings, says so, and contains the thing with the other actions', async () => {
    const world = aWorldWithPolicies();

    await anEngine(world, actions)(alarm({ detector: 'cordon' }));

    expect(shownCaseOf(world).status).toBe('contained');
    expect(statusesOf(caseOf(world))).toEqual({ quarantine: 'verified', disconnect: 'verified' });
    expect(world.defender.tasks.size).toBe(0);
    const planned = [...world.stored.timeline.values()]
      .flatMap(({ entries }) => entries)
      .find(({ what }) => what === 'containment planned');
    expect(planned?.detail).toBe('quarantine, disconnect (no task: Device Defender has no violation of it)');
  });
});
